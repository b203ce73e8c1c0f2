/**
 * Loading components: from bytes to something that can be instantiated.
 */
import * as Suite from "../harness/Suite.ts"
import type { Guest } from "./load/guests.ts"

const guests = () => import("./load/guests.ts")
const works = () => import("./load/works.ts")
const meter = () => import("./load/meter.ts")

interface Size {
  readonly name: string
  readonly guest: () => Promise<Guest>
  /** Loads between two checks. */
  readonly perRun: number
}

const sizes: ReadonlyArray<Size> = [
  { name: "4kb", guest: async () => (await guests()).small(), perRun: 10 },
  { name: "1mb", guest: async () => (await guests()).medium(), perRun: 1 },
  { name: "12mb", guest: async () => (await guests()).large(), perRun: 1 }
]

const shape = ({ name, perRun }: Size) =>
  ({ unit: "ms", batch: perRun, segment: perRun, ...name === "12mb" && { rounds: 3 } }) as const

const cold = (size: Size): Suite.Row => {
  const { guest, name, perRun } = size
  return {
    ...shape(size),
    name: `load-${name}-cold`,
    ours: async () => (await works()).cold(await guest(), perRun),
    against: [
      { name: "compile", prepare: async () => (await works()).compile(await guest(), perRun) },
      { name: "jco", prepare: async () => (await works()).jco(await guest(), perRun) }
    ]
  }
}

const memory = (size: Size): Suite.Row => {
  const { guest, name, perRun } = size
  return {
    ...shape(size),
    name: `load-${name}-memory`,
    ours: async () => (await works()).memory(await guest(), perRun),
    against: [{ name: "digest", prepare: async () => (await works()).digest(await guest(), perRun) }]
  }
}

const disk = (size: Size): Suite.Row => {
  const { guest, name, perRun } = size
  return {
    ...shape(size),
    name: `load-${name}-disk`,
    ours: async () => (await works()).disk(await guest(), perRun),
    against: [{ name: "compile", prepare: async () => (await works()).compile(await guest(), perRun) }]
  }
}

const gap = (size: Size): Suite.Row => {
  const { guest, name, perRun } = size
  return {
    ...shape(size),
    name: `load-${name}-gap`,
    ours: async () => (await works()).cold(await guest(), perRun, true),
    against: [
      { name: "compile", prepare: async () => (await works()).compile(await guest(), perRun, true) },
      { name: "jco", prepare: async () => (await works()).jco(await guest(), perRun, true) }
    ]
  }
}

const metering: Suite.Row = {
  name: "meter",
  unit: "MB/s",
  batch: 16,
  ours: async () => (await meter()).meter(),
  against: [{ name: "validate", prepare: async () => (await meter()).validate() }]
}

export const suite: Suite.Suite = Suite.make({
  name: "load",
  rows: [...sizes.map(cold), ...sizes.map(memory), ...sizes.map(disk), ...sizes.slice(1).map(gap), metering]
})
