/**
 * Components: what a call into a guest, a call out of it and an instance cost.
 */
import * as Suite from "../harness/Suite.ts"
import type { Compute, Name } from "./component/compute.ts"
import type { Plain, Works } from "./component/Work.ts"
import { bytes, importsPerCall, segment, suspensionsPerCall, text } from "./component/Work.ts"

const ours = (): Promise<Works> => import("./component/airssys.ts")

const contenders = {
  core: (): Promise<Works> => import("./component/core.ts"),
  jco: async (): Promise<Works> => (await import("./component/jco.ts")).written,
  "jco-quiet": async (): Promise<Works> => (await import("./component/jco.ts")).quiet
}

const extism = (): Promise<Plain> => import("./component/extism.ts")

const shape = { unit: "ns", batch: 100 } as const

/** A row of all but Extism. */
const typed = (
  name: string,
  take: (works: Works) => Promise<Suite.Work>,
  other: Partial<Suite.Row> = {}
): Suite.Row => ({
  ...shape,
  name,
  ours: async () => take(await ours()),
  against: Object.entries(contenders).map(([name, load]) => ({ name, prepare: async () => take(await load()) })),
  ...other
})

const row = (
  name: string,
  take: (works: Plain) => Promise<Suite.Work>,
  other: Partial<Suite.Row> = {}
): Suite.Row => {
  const { against, ...rest } = typed(name, take, other)
  return { ...rest, against: [...against, { name: "extism", prepare: async () => take(await extism()) }] }
}

const script = () => import("./component/script.ts")

const compute = () => import("./component/compute.ts")

/** What fuel costs a guest that computes, against the same code without a meter. */
const fuel = (name: string, take: (compute: Compute) => Promise<Suite.Work>): Suite.Row => ({
  name,
  unit: "us",
  batch: 1,
  ours: async () => take((await compute()).ours),
  against: [{ name: "core", prepare: async () => take((await compute()).core) }]
})

const computing: ReadonlyArray<readonly [name: Name, size: number]> = [
  ["fib", 20],
  ["sha256", 100],
  ["sieve", 20_000],
  ["mandelbrot", 40]
]

export const suite: Suite.Suite = Suite.make({
  name: "component",
  rows: [
    row("export-add", (works) => works.exportAdd()),
    row("export-add-yieldable", (works) => works.exportAddYieldable()),
    row("export-echo-16b", (works) => works.exportEcho(text(16))),
    row("export-echo-1kb", (works) => works.exportEcho(text(1024))),
    row("export-bytes-64kb", (works) => works.exportBytes(bytes(65_536))),
    typed("export-record", (works) => works.exportRecord()),
    typed("export-variant", (works) => works.exportVariant()),
    typed("export-result-ok", (works) => works.exportResultOk()),
    typed("export-result-err", (works) => works.exportResultErr()),
    typed("resource-method", (works) => works.resourceMethod()),
    typed("resource-new-drop", (works) => works.resourceNewDrop()),
    row("import-add", (works) => works.importAdd(importsPerCall), { batch: importsPerCall }),
    row("import-echo-16b", (works) => works.importEcho(text(16)), { batch: importsPerCall }),
    typed("async-import", (works) => works.asyncImport(), { batch: suspensionsPerCall }),
    row("instantiate", (works) => works.instantiate(), { batch: segment, segment }),
    ...computing.map(([name, size]) => fuel(`fuel-${name}`, (compute) => compute.now(name, size))),
    fuel("fuel-mandelbrot-yieldable", (compute) => compute.yielding("mandelbrot", 400)),
    {
      name: "fuel-quickjs",
      unit: "us",
      batch: 1,
      ours: async () => (await script()).ours(),
      against: [{ name: "jco", prepare: async () => (await script()).jco() }]
    }
  ]
})
