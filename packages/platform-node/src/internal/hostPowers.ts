/**
 * The powers that a host gives for grants.
 */
import type { Source } from "airssys/security/Powers"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as NodeFileAccess from "../NodeFileAccess.ts"
import * as NodeHttpAccess from "../NodeHttpAccess.ts"
import * as NodeNetworkResolve from "../NodeNetworkResolve.ts"
import * as NodeProcessSpawn from "../NodeProcessSpawn.ts"

export interface Options {
  readonly roots?: Readonly<Record<string, string>> | undefined
  readonly http?: NodeHttpAccess.Options | undefined
  readonly programs?: NodeProcessSpawn.Options | undefined
  readonly powers?: ReadonlyArray<Source> | undefined
}

export const sources = (
  { http, powers = [], programs, roots }: Options,
  reserved: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Source>, NodeFileAccess.RootError, Scope.Scope> =>
  Effect.gen(function*() {
    return [
      ...roots === undefined ? [] : yield* NodeFileAccess.sources({ roots, reserved }),
      ...programs === undefined
        ? []
        : [yield* Effect.provide(NodeProcessSpawn.source(programs), NodeProcessSpawn.layerSpawner)],
      ...http === undefined
        ? []
        : [NodeHttpAccess.source(http), NodeNetworkResolve.source({ resolve: http.resolve })],
      ...powers
    ]
  })
