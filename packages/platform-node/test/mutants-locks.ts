import { type Mutant, of } from "../../../scripts/lib/mutants.ts"

export const mutants: ReadonlyArray<Mutant> = of("internal/storeLock.ts", "NodeHostFolder.test.ts", [
  [
    "a lock can be read by others",
    "fs.openSync(path, \"ax\", 0o600)",
    "fs.openSync(path, \"ax\", 0o644)",
    "under the umask 022"
  ],
  [
    "whoever asks for a lock takes it away",
    "fs.openSync(path, \"ax\", 0o600)",
    "fs.openSync(path, \"a\", 0o600)",
    "lets go of no lock"
  ],
  ["a lock that others can read stays so", "fs.chmodSync(path, 0o600)", "void 0", "under the umask 022"]
])
