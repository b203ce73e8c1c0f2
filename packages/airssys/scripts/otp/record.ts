/**
 * Runs the scenarios on Erlang/OTP and writes their traces as golden data.
 *
 *     node packages/airssys/scripts/otp/record.ts
 *
 * It needs `erl` and `erlc` on the path (Debian's `erlang-base`), OTP 24 or
 * newer, takes about two minutes, and runs everything several times: a trace
 * that depends on luck is not written.
 */
import * as child from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { scenarios } from "./scenarios.ts"

const here = import.meta.dirname
const golden = path.join(here, "../../test/actor/otp/traces.gen.json")
const rounds = 3

const term = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(term).join(",")}]`
  if (typeof value === "object" && value !== null) {
    return `#{${Object.entries(value).map(([key, each]) => `${term(key)} => ${term(each)}`).join(",")}}`
  }
  return typeof value === "string" ? `'${value.replaceAll(/['\\]/g, "\\$&")}'` : String(value)
}

interface Recording {
  readonly release: string
  readonly stdlib: string
  readonly traces: ReadonlyArray<ReadonlyArray<string>>
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "otp-"))
try {
  const input = path.join(folder, "scenarios.term")
  const output = path.join(folder, "traces.json")
  fs.writeFileSync(input, `${term(scenarios)}.\n`)
  child.execFileSync("erlc", ["-o", folder, path.join(here, "oracle.erl")], { stdio: "inherit" })
  const recordings = Array.from({ length: rounds }, (): Recording => {
    child.execFileSync(
      "erl",
      ["+S", "1", "-noshell", "-pa", folder, "-eval", `oracle:main(["${input}", "${output}"]).`],
      { stdio: "inherit", timeout: 600_000 }
    )
    return JSON.parse(fs.readFileSync(output, "utf8"))
  })
  const [first, ...others] = recordings as [Recording, ...Array<Recording>]
  for (const [index, { name }] of scenarios.entries()) {
    for (const other of others) {
      if (JSON.stringify(other.traces[index]) !== JSON.stringify(first.traces[index])) {
        throw new Error(`${name}: two runs differ\n${first.traces[index]}\n${other.traces[index]}`)
      }
    }
  }
  const lines = scenarios.map((scenario, index) => `    ${JSON.stringify({ ...scenario, trace: first.traces[index] })}`)
  const { release, stdlib } = first
  fs.writeFileSync(
    golden,
    `{\n  "otp": ${JSON.stringify({ release, stdlib })},\n  "scenarios": [\n${lines.join(",\n")}\n  ]\n}\n`
  )
  process.stdout.write(`${scenarios.length} scenarios on OTP ${release}, stdlib ${stdlib}\n`)
} finally {
  fs.rmSync(folder, { recursive: true })
}
