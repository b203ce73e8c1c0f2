/**
 * Turns the JavaScript that jco generates into something a host may run.
 *
 * Everything here is a check as much as a rewrite: each pattern has to occur
 * as often as expected, otherwise the source is refused. A new version of jco
 * that generates something else is thereby noticed and not trusted.
 */

/**
 * The generated source was not what these rewrites were written for.
 */
export class UnexpectedSource extends Error {}

/**
 * `instantiations` counts, per core module, how often the source instantiates it.
 */
export interface Rewritten {
  readonly source: string
  readonly instantiations: ReadonlyMap<string, number>
}

/**
 * What the rewritten source calls while it lifts values out of a memory.
 */
export interface Lifting {
  readonly utf8: { readonly decode: (bytes: ArrayBufferView) => string }
  readonly utf16: { readonly decode: (units: ArrayBufferView) => string }
  readonly copy: (buffer: ArrayBuffer, from: number, to: number) => ArrayBuffer
  readonly numbers: (type: Numbers, buffer: ArrayBuffer, from: number, to: number) => Array<unknown>
  readonly list: (length: number) => Array<unknown>
  readonly suspending: (call: (...args: ReadonlyArray<unknown>) => unknown) => unknown
}

/**
 * The class of a typed array of numbers or bigints.
 */
export type Numbers = new(buffer: ArrayBuffer) => ArrayLike<unknown>

/**
 * The function jco generates, instantiated synchronously.
 */
export type Instantiate = (
  getCoreModule: (name: string) => WebAssembly.Module,
  imports: unknown,
  instantiateCore: (module: WebAssembly.Module, imports?: WebAssembly.Imports) => WebAssembly.Instance,
  lifting: Lifting
) => unknown

const replace = (source: string, what: string, pattern: RegExp, by: string, expected: (count: number) => boolean) => {
  let count = 0
  const out = source.replace(pattern, (...groups) => {
    count += 1
    return by.replace(/\$(\d)/g, (_, index) => String(groups[Number(index)]))
  })
  if (!expected(count)) throw new UnexpectedSource(`jco generated ${count} occurrences of ${what}`)
  return out
}

const once = (count: number) => count === 1
const atMostOnce = (count: number) => count <= 1
const any = () => true

const head =
  /^"use components";\nexport function instantiate\(getCoreModule, imports, instantiateCore = \(module, importObject\) => new WebAssembly\.Instance\(module, importObject\)\) \{\n/

const forbidden = [
  "JCO_DEBUG",
  "process.env",
  "import.meta",
  "import(",
  "\nexport ",
  "new TextDecoder(",
  ".buffer.slice(",
  "throw retCopy.val",
  "eval(",
  "new Function("
]

/**
 * Rewrites generated source into the body of a function that returns
 * `instantiate`. `results` is the number of exported functions that return a
 * `result`.
 *
 * - no reads of the environment on the way of a call
 * - a `result` is returned, never thrown, so that nothing a guest returns can
 *   be taken for a trap
 * - strings are decoded strictly, and every copy out of a memory is bounded
 * - a list of numbers is an array, only a list of bytes a typed one
 * - what a suspending import fails with cannot be caught by the guest
 */
export const rewrite = (generated: string, results: number): Rewritten => {
  let source = replace(
    generated,
    "the entry point",
    head,
    "return function instantiate(getCoreModule, imports, instantiateCore, $air) {\n",
    once
  )
  source = replace(source, "the export of _util", /\nexport const _util = \{\s*\}\s*$/g, "\n", once)
  source = replace(
    source,
    "the debug log",
    /const _debugLog = \(\.\.\.args\) => \{\s*if \(!globalThis\?\.process\?\.env\?\.JCO_DEBUG\) \{ return; \}\s*console\.debug\(\.\.\.args\);\s*\};?/g,
    "const _debugLog = undefined;",
    once
  )
  source = replace(source, "a debug message", /(?<=^|[\s;{}])_debugLog\(/g, "false && _debugLog(", any)
  source = replace(source, "the UTF-8 decoder", /new TextDecoder\(\)/g, "$air.utf8", atMostOnce)
  source = replace(source, "the UTF-16 decoder", /new TextDecoder\('utf-16'\)/g, "$air.utf16", atMostOnce)
  source = replace(
    source,
    "a thrown result",
    /if \(typeof retCopy === 'object' && retCopy\.tag === 'err'\) \{\s*throw retCopy\.val;\s*\}\s*return retCopy\.val;/g,
    "return retCopy;",
    (count) => count === results
  )
  source = replace(
    source,
    "a list of bytes",
    /new Uint8Array\((memory\d+)\.buffer\.slice\(/g,
    "new Uint8Array($air.copy($1.buffer, ",
    any
  )
  source = replace(
    source,
    "a list of numbers",
    /new ((?:Int8|U?[iI]nt16|U?[iI]nt32|BigU?[iI]nt64|Float32|Float64)Array)\((memory\d+)\.buffer\.slice\(([^()]*)\)\)/g,
    "$air.numbers($1, $2.buffer, $3)",
    any
  )
  source = replace(
    source,
    "a lifted list of an asynchronous call",
    /const val = \[\];(\s*)for \(var i = 0; i < len; i\+\+\) \{(\s*)const elemPtr =/g,
    "const val = $air.list(len);$1for (var i = 0; i < len; i++) {$2const elemPtr =",
    atMostOnce
  )
  source = replace(
    source,
    "a typed list of an asynchronous call",
    /values => new typedArray\(values\)/g,
    "values => typedArray === Uint8Array ? new typedArray(values) : values",
    atMostOnce
  )
  source = replace(source, "a suspending import", /new WebAssembly\.Suspending\(/g, "$air.suspending(", any)
  source = replace(
    source,
    "a lifted list",
    /var (result\d+) = \[\];(\s*)for \(let i = 0; i < (len\d+); i\+\+\) \{/g,
    "var $1 = $air.list($3);$2for (let i = 0; i < $3; i++) {",
    any
  )
  const left = forbidden.find((text) => source.includes(text))
  if (left !== undefined) throw new UnexpectedSource(`jco generated ${JSON.stringify(left.trim())}`)
  return { source, instantiations: countInstantiations(source) }
}

const countInstantiations = (source: string): ReadonlyMap<string, number> => {
  const files = new Map<string, string>()
  for (const [, variable, file] of source.matchAll(/const (module\d+) = getCoreModule\('([^']*)'\);/g)) {
    files.set(variable!, file!)
  }
  const counts = new Map<string, number>()
  let total = 0
  for (const [, variable] of source.matchAll(/= instantiateCore\((module\d+)[,)]/g)) {
    const file = files.get(variable!)
    if (file === undefined) throw new UnexpectedSource(`jco instantiates ${variable}, which it never gets`)
    counts.set(file, (counts.get(file) ?? 0) + 1)
    total += 1
  }
  if (source.split("instantiateCore(").length - 1 !== total) {
    throw new UnexpectedSource("jco instantiates a core module in an unknown way")
  }
  return counts
}

const safeName = /^[A-Za-z0-9_$.:/@#[\]<>=+()| -]{0,512}$/

/**
 * A name that must not reach generated source, if there is one. jco prints the
 * import and export names of core modules between quotes without escaping
 * them, so a name with a quote in it is code that runs in the host.
 */
export const unsafeName = (module: WebAssembly.Module): string | undefined => {
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (!safeName.test(from)) return from
    if (!safeName.test(name)) return name
  }
  for (const { name } of WebAssembly.Module.exports(module)) {
    if (!safeName.test(name)) return name
  }
  return undefined
}

const silent = { log() {}, debug() {}, warn() {}, error() {} }

/**
 * Evaluates rewritten source with nothing of the host in reach but the language.
 */
export const evaluate = (source: string): Instantiate =>
  // oxlint-disable-next-line no-new-func
  new Function("globalThis", "process", "console", "fetch", "require", `"use strict";\n${source}`)(
    { WebAssembly },
    undefined,
    silent,
    undefined,
    undefined
  )
