/**
 * The floor: what somebody writes who trusts the resource to have the form of
 * the rules, keeps no log and takes nothing back.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Work } from "../../harness/Suite.ts"
import { expect, neverSeen, patterns, repeated, resources } from "./Work.ts"

/** A map that knows every resource already. */
export const map = async (count: number, isGranted: boolean): Promise<Work> => {
  const known = new Map(resources(count, true).map((resource) => [resource, true]))
  return repeated(count, isGranted, (resource) => known.get(resource) === true)
}

const prefixes = (count: number) => patterns(count).map((pattern) => pattern.slice(0, -2))

/** The beginnings of what is allowed, tried one after the other. */
export const list = async (count: number, isGranted: boolean): Promise<Work> => {
  const allowed = prefixes(count)
  return repeated(count, isGranted, (resource) => allowed.some((prefix) => resource.startsWith(prefix)))
}

export const listFresh = async (count: number, isGranted: boolean): Promise<Work> => {
  const allowed = prefixes(count)
  return neverSeen(count, isGranted, (resource) => allowed.some((prefix) => resource.startsWith(prefix)))
}

export const effect = async (): Promise<Work> => {
  let times = 0
  return {
    run: (count) => {
      for (let index = 0; index < count; index++) if (Effect.runSync(Clock.currentTimeMillis) > 0) times++
    },
    check: (count) => {
      const done = times
      times = 0
      expect(done, count)
    }
  }
}
