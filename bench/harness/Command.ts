/**
 * The command: `bench <suite> [--row <id>] [--rounds <n>] [--json] [--list]`.
 */
import { cpus } from "node:os"
import { parseArgs } from "node:util"
import * as Report from "./Report.ts"
import * as RowProcess from "./RowProcess.ts"
import type * as Suite from "./Suite.ts"

/**
 * A suite and the URL of the module that exports it as `suite`.
 */
export interface Entry {
  readonly suite: Suite.Suite
  readonly url: string
}

export interface Output {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

class Usage extends Error {}

interface Request {
  readonly entry: Entry | undefined
  readonly rows: ReadonlyArray<Suite.Row>
  readonly rounds: number
  readonly json: boolean
  readonly list: boolean
}

const leastRounds = 7

const usage = "usage: bench <suite> [--row <id>] [--rounds <n>] [--json] [--list]"

const names = (things: ReadonlyArray<{ readonly name: string }>): string => things.map(({ name }) => name).join(", ")

const options = {
  json: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  row: { type: "string" },
  rounds: { type: "string", default: "11" }
} as const

const parsed = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options })
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error))
  }
}

const request = (args: ReadonlyArray<string>, entries: ReadonlyArray<Entry>): Request => {
  const { positionals: [name, more], values } = parsed(args)
  const known = `known suites: ${names(entries.map(({ suite }) => suite))}`
  if (more !== undefined) throw new Usage(`one suite at a time, not also "${more}"; ${known}`)
  const entry = entries.find(({ suite }) => suite.name === name)
  if (name !== undefined && entry === undefined) throw new Usage(`no suite "${name}"; ${known}`)
  if (entry === undefined && !values.list) throw new Usage(`no suite named; ${known}`)
  const all = entry?.suite.rows ?? []
  const rows = values.row === undefined ? all : all.filter((row) => row.name === values.row)
  if (values.row !== undefined && rows.length === 0) {
    throw new Usage(`no row "${values.row}"${entry === undefined ? "" : `; known rows: ${names(all)}`}`)
  }
  const rounds = Number(values.rounds)
  if (!Number.isSafeInteger(rounds) || rounds < leastRounds || rounds > 1000) {
    throw new Usage(`--rounds takes ${leastRounds} to 1000, not "${values.rounds}"`)
  }
  return { entry, rows, rounds, json: values.json, list: values.list }
}

const list = ({ entry, json }: Request, entries: ReadonlyArray<Entry>, { out }: Output): number => {
  for (const { suite } of entry === undefined ? entries : [entry]) {
    for (const row of suite.rows) {
      const against = row.against.map(({ name }) => name)
      out(
        json
          ? JSON.stringify({ suite: suite.name, name: row.name, unit: row.unit, against })
          : `${suite.name.padEnd(12)}${row.name.padEnd(26)}${against.join(", ")}`
      )
    }
  }
  return 0
}

const runRows = async ({ json, rounds, rows }: Request, entry: Entry, { err, out }: Output): Promise<number> => {
  let status = 0
  if (!json) {
    const processors = cpus()
    out(
      Report.tableHead(rounds, `Node ${process.version}, ${processors.length} x ${processors[0]?.model ?? "unknown"}`)
    )
  }
  for (const row of rows) {
    const outcome = await RowProcess.run({ url: entry.url, row: row.name, rounds, timeout: 300_000 })
    if (outcome._tag === "Failed") {
      status = 1
      err(`bench: ${entry.suite.name} ${row.name} failed: ${outcome.message}`)
    } else {
      out(
        json
          ? JSON.stringify(Report.line(entry.suite.name, row, outcome.result))
          : Report.tableRow(row, outcome.result)
      )
    }
  }
  return status
}

/**
 * Resolves with the exit code: 0, 1 when a row failed, 2 when the arguments
 * name nothing that can be run.
 */
export const run = async (
  args: ReadonlyArray<string>,
  entries: ReadonlyArray<Entry>,
  output: Output
): Promise<number> => {
  try {
    const asked = request(args, entries)
    return asked.list || asked.entry === undefined
      ? list(asked, entries, output)
      : await runRows(asked, asked.entry, output)
  } catch (error) {
    if (!(error instanceof Usage)) throw error
    output.err(`bench: ${error.message}`)
    output.err(usage)
    return 2
  }
}
