/**
 * Components: what a call into a guest, a call out of it and an instance cost.
 */
import * as Suite from "../harness/Suite.ts"
import { importsPerCall, segment, suspensionsPerCall, text } from "./component/Work.ts"

const core = () => import("./component/core.ts")
const jco = () => import("./component/jco.ts")
const extism = () => import("./component/extism.ts")
const airssys = () => import("./component/airssys.ts")

export const suite: Suite.Suite = Suite.make({
  name: "component",
  rows: [
    {
      name: "export-add",
      unit: "ns",
      batch: 100,
      ours: async () => (await airssys()).exportAdd(),
      against: [
        { name: "core", prepare: async () => (await core()).exportAdd() },
        { name: "jco", prepare: async () => (await jco()).exportAdd() },
        { name: "extism", prepare: async () => (await extism()).exportAdd() }
      ]
    },
    {
      name: "export-echo-16b",
      unit: "ns",
      batch: 100,
      ours: async () => (await airssys()).exportEcho(text(16)),
      against: [
        { name: "core", prepare: async () => (await core()).exportEcho(text(16)) },
        { name: "jco", prepare: async () => (await jco()).exportEcho(text(16)) },
        { name: "extism", prepare: async () => (await extism()).exportEcho(text(16)) }
      ]
    },
    {
      name: "export-echo-1kb",
      unit: "ns",
      batch: 100,
      ours: async () => (await airssys()).exportEcho(text(1024)),
      against: [
        { name: "core", prepare: async () => (await core()).exportEcho(text(1024)) },
        { name: "jco", prepare: async () => (await jco()).exportEcho(text(1024)) },
        { name: "extism", prepare: async () => (await extism()).exportEcho(text(1024)) }
      ]
    },
    {
      name: "export-record",
      unit: "ns",
      batch: 100,
      ours: async () => (await airssys()).exportRecord(),
      against: [
        { name: "core", prepare: async () => (await core()).exportRecord() },
        { name: "jco", prepare: async () => (await jco()).exportRecord() }
      ]
    },
    {
      name: "import-add",
      unit: "ns",
      batch: importsPerCall,
      ours: async () => (await airssys()).importAdd(),
      against: [
        { name: "core", prepare: async () => (await core()).importAdd() },
        { name: "jco", prepare: async () => (await jco()).importAdd() },
        { name: "extism", prepare: async () => (await extism()).importAdd() }
      ]
    },
    {
      name: "import-echo-16b",
      unit: "ns",
      batch: importsPerCall,
      ours: async () => (await airssys()).importEcho(text(16)),
      against: [
        { name: "core", prepare: async () => (await core()).importEcho(text(16)) },
        { name: "jco", prepare: async () => (await jco()).importEcho(text(16)) },
        { name: "extism", prepare: async () => (await extism()).importEcho(text(16)) }
      ]
    },
    {
      name: "async-import",
      unit: "ns",
      batch: suspensionsPerCall,
      ours: async () => (await airssys()).asyncImport(),
      against: [
        { name: "core", prepare: async () => (await core()).asyncImport() },
        { name: "jco", prepare: async () => (await jco()).asyncImport() }
      ]
    },
    {
      name: "instantiate",
      unit: "ns",
      batch: segment,
      segment,
      ours: async () => (await airssys()).instantiate(),
      against: [
        { name: "core", prepare: async () => (await core()).instantiate() },
        { name: "jco", prepare: async () => (await jco()).instantiate() },
        { name: "extism", prepare: async () => (await extism()).instantiate() }
      ]
    }
  ]
})
