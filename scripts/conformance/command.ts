/**
 * The command: runs a suite on the engines and says what came of it.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import type { EngineName } from "./engines/contract.ts"
import { type Expectation, read } from "./expectations.ts"
import { judge, totalLine } from "./report.ts"
import type { Result } from "./result.ts"
import { runFile } from "./runFile.ts"
import { type Suite, suites } from "./suites/suite.ts"

export interface Output {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
}

interface Request {
  readonly suite: Suite
  readonly root: string
  readonly files: ReadonlyArray<string>
  readonly engines: ReadonlyArray<EngineName>
  readonly expectations: ReadonlyArray<Expectation>
  readonly isJson: boolean
}

class Usage extends Error {}

const names = suites.map(({ name }) => name).join("|")

const usage = `usage: conformance --suite ${names} --path <folder>
  [--engine airssys|jco] [--filter <part of a file's path>] [--expectations <file>] [--json]`

const options = {
  suite: { type: "string" },
  path: { type: "string" },
  engine: { type: "string" },
  filter: { type: "string" },
  expectations: { type: "string" },
  json: { type: "boolean", default: false }
} as const

/**
 * The exit code: 0, 1 for failures that the expectations do not name, 2 for
 * arguments that are wrong.
 */
export const run = async (args: ReadonlyArray<string>, { err, out }: Output): Promise<number> => {
  let request: Request
  try {
    request = understand(args)
  } catch (error) {
    err(`error: ${error instanceof Error ? error.message : String(error)}`)
    if (error instanceof Usage) err(usage)
    return 2
  }
  const { engines, expectations, isJson, suite } = request
  const story = isJson ? err : out
  const { lines, totals } = judge(suite.name, engines, await runAll(request, err), expectations)
  for (const line of lines) story(line)
  for (const total of totals) {
    story(totalLine(total))
    if (isJson) out(JSON.stringify(total))
  }
  return totals.some(({ failed }) => failed > 0) ? 1 : 0
}

const understand = (args: ReadonlyArray<string>): Request => {
  const { values } = parse(args)
  const suite = suites.find(({ name }) => name === values.suite)
  if (suite === undefined) throw new Usage(`--suite is one of ${names.replaceAll("|", ", ")}`)
  const engine = values.engine
  if (engine !== undefined && engine !== "airssys" && engine !== "jco") throw new Usage("--engine is airssys or jco")
  if (values.path === undefined) throw new Usage("--path names the folder of the suite")
  const root = path.resolve(values.path)
  const files = suite.files(root).filter((file) => file.includes(values.filter ?? ""))
  if (files.length === 0) throw new Error(`there is nothing of ${suite.name} in ${root}`)
  const known = path.join(import.meta.dirname, "expectations", `${suite.name}.txt`)
  const from = values.expectations ?? (fs.existsSync(known) ? known : undefined)
  return {
    suite,
    root,
    files,
    engines: engine === undefined ? ["airssys", "jco"] : [engine],
    expectations: (from === undefined ? [] : read(from)).filter(({ place }) =>
      values.filter === undefined || place.includes(values.filter)
    ),
    isJson: values.json
  }
}

const parse = (args: ReadonlyArray<string>) => {
  try {
    return parseArgs({ args: [...args], options })
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error))
  }
}

const limits = { start: 60_000, step: 10_000 }

/** Results in the order of files and engines, however their processes end. */
const runAll = async (
  { engines, files, root, suite }: Request,
  err: (line: string) => void
): Promise<ReadonlyArray<Result>> => {
  const jobs = files.flatMap((file) => engines.map((engine) => ({ suite: suite.name, engine, root, file })))
  const results = new Array<ReadonlyArray<Result>>(jobs.length)
  let next = 0
  let done = 0
  const work = async (): Promise<void> => {
    for (let at = next++; at < jobs.length; at = next++) {
      results[at] = await runFile(jobs[at]!, limits)
      done++
      if (done % 20 === 0) err(`${done} of ${jobs.length} files and engines are done`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, os.availableParallelism()) }, work))
  return results.flat()
}
