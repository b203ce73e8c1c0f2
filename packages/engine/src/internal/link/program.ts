/**
 * Writes the code of one component: a closure for each function that the host
 * calls, for each that a guest imports, and for each built-in of resources.
 *
 * The code is a function of what `library.ts` has; it gives a function
 * from the state of an instance to its closures, which are made once for each
 * instance and share their code.
 */
import type { AbiFunc, AbiType } from "./abiType.ts"
import { flatten } from "./abiType.ts"
import type { Context, Mode } from "./context.ts"
import { Program } from "./context.ts"
import type { Builtin, CoreRef, Expansion, Lift, Lower } from "./expansion.ts"
import { liftFlat, load } from "./lifting.ts"
import { lowerFlat, store } from "./lowering.ts"
import { Source } from "./source.ts"

/** Generated code, and what has to be bound in it once it exists. */
export interface Generated {
  readonly source: string
  readonly memories: ReadonlyArray<CoreRef>
  readonly funcs: ReadonlyArray<CoreRef>
}

/** Writes the code for everything that was written out. Lifts that the host can reach are those in `reachable`. */
export const generate = (expansion: Expansion, reachable: ReadonlySet<number>): Generated => {
  const program = new Program()
  const body = new Source()
  const inner = new Set(
    expansion.lowers.flatMap(({ func }) => func.from === "lift" ? [func.id] : [])
  )
  expansion.lifts.forEach((lift, id) => {
    if (inner.has(id)) innerLift(program, expansion, lift, id, body)
    if (reachable.has(id)) outerLift(program, expansion, lift, id, body)
  })
  expansion.lowers.forEach((lower, id) => lowered(program, expansion, lower, id, body))
  expansion.builtins.forEach((builtin, id) => builtIn(program, expansion, builtin, id, body))
  return assemble(program, expansion, body, reachable)
}

const library = [
  "T",
  "MISS",
  "miss",
  "spend",
  "char",
  "point",
  "utf8",
  "utf16",
  "latin1",
  "ascii",
  "utf8Size",
  "writeUtf8",
  "writeUtf16",
  "writeLatin1",
  "isLatin1",
  "isObject",
  "own",
  "counted",
  "keyed",
  "tagged",
  "i2f",
  "f2i",
  "l2d",
  "d2l",
  "liftOwn",
  "liftBorrow",
  "liftOwnToHost",
  "liftBorrowToHost",
  "lowerOwn",
  "lowerBorrow",
  "lowerOwnOfHost",
  "lowerBorrowOfHost",
  "newHandle",
  "dropHandle",
  "repOf",
  "endBorrows",
  "returnLent",
  "none"
]

const views: ReadonlyArray<readonly [name: string, type: string]> = [
  ["u8", "Uint8Array"],
  ["i8", "Int8Array"],
  ["u16", "Uint16Array"],
  ["i16", "Int16Array"],
  ["u32", "Uint32Array"],
  ["i32", "Int32Array"],
  ["u64", "BigUint64Array"],
  ["i64", "BigInt64Array"],
  ["f32", "Float32Array"],
  ["f64", "Float64Array"]
]

/** Puts the parts together; the views of a memory are those that its code mentions. */
const assemble = (
  program: Program,
  expansion: Expansion,
  body: Source,
  reachable: ReadonlySet<number>
): Generated => {
  const { funcs, memories } = program.names
  const code = `${program.head}\n${body}`
  const out = new Source()
  out.add(`"use strict";`, `const { ${library.join(", ")} } = library;`, `return (S, H) => {`)
  for (const component of program.tables) out.add(`const h${component} = S.tables[${component}];`)
  memories.forEach((_, id) => {
    const used = views.filter(([name]) => name === "u8" || program.views.has(`${name}_${id}`))
    out.add(`let m${id};`)
    for (const [name, type] of used) out.add(`let ${name}_${id} = none.${type};`)
    out.add(`const r${id} = () => { const b = m${id}.buffer;`)
    for (const [name, type] of used) out.add(`${name}_${id} = new ${type}(b, 0, ${wholeElements(type)});`)
    out.add("};")
  })
  funcs.forEach((_, id) => out.add(`let f${id};`))
  out.add(code, "return {")
  out.add("memory: (id, value) => { switch (id) {")
  memories.forEach((_, id) => out.add(`case ${id}: m${id} = value; break;`))
  out.add("} },", "func: (id, value) => { switch (id) {")
  funcs.forEach((_, id) => out.add(`case ${id}: f${id} = value; break;`))
  out.add("} },")
  out.add(`lowers: [${expansion.lowers.map((_, id) => `w${id}`).join(", ")}],`)
  out.add(`builtins: [${expansion.builtins.map((_, id) => `b${id}`).join(", ")}],`)
  out.add(
    `lifts: [${expansion.lifts.map((_, id) => reachable.has(id) ? `[x${id}, y${id}, z${id}]` : "null").join(", ")}]`
  )
  out.add("}; };")
  return { source: out.toString(), memories, funcs }
}

/** Memories are whole pages, of which every view has a whole number of elements. */
const wholeElements = (type: string): string => {
  const size = type.endsWith("64Array") ? 8 : type.endsWith("32Array") ? 4 : type.endsWith("16Array") ? 2 : 1
  return size === 1 ? "b.byteLength" : `b.byteLength / ${size}`
}

const paramsOf = (type: AbiFunc): ReadonlyArray<AbiType> => type.params.map((param) => param.type)

const needsMemory = (type: AbiType | undefined): boolean =>
  type !== undefined && (type.outer || type.flat === undefined || type.flat.length > 1)

/** Lowers the variables `names` as parameters of a core function: its flat arguments. */
const lowerParams = (
  cx: Context,
  expansion: Expansion,
  type: AbiFunc,
  names: ReadonlyArray<string>,
  out: Source
): ReadonlyArray<string> => {
  const types = paramsOf(type)
  if (types.some((param) => param.outer) || flatten(types) === undefined) out.add(cx.refresh)
  if (flatten(types) !== undefined) return types.flatMap((param, i) => lowerFlat(cx, param, names[i] ?? "", out))
  const all = expansion.types.tuple(types)
  const p = cx.program.head.name("p")
  out.add(`let ${p} = 0;`, cx.allocate(p, "0", "0", all.align, String(all.size)))
  store(cx, all, `[${names.join(", ")}]`, p, out)
  return [p]
}

/** Makes the value of what a core function gave, the variable `given`. */
const liftResult = (cx: Context, type: AbiType | undefined, given: string, out: Source): string => {
  if (type === undefined) return "undefined"
  if (needsMemory(type)) out.add(cx.refresh, "S.liftLeft = S.limits.lift;")
  if (type.flat !== undefined && type.flat.length <= 1) return liftFlat(cx, type, [given], out)
  const p = cx.program.head.name("p")
  out.add(
    `const ${p} = ${given} >>> 0;`,
    `if (${p} % ${type.align} !== 0) T(S, "misaligned");`,
    `if (${p} + ${type.size} > ${cx.view("u8")}.length) T(S, "memory");`,
    ...(type.host > 64 ? [`spend(S, ${type.host});`] : [])
  )
  return load(cx, type, p)
}

/** What follows the call of a lifted core function: lifting, post-return, the end of borrows. */
const finish = (program: Program, cx: Context, lift: Lift, given: string, before: string, out: Source): void => {
  const value = liftResult(cx, lift.type.result, given, out)
  out.add(`const value = ${value};`)
  if (lift.options.postReturn !== undefined) {
    const argument = lift.type.result === undefined ? "" : given
    out.add(`S.aside = true; f${program.names.func(lift.options.postReturn)}(${argument}); S.aside = false;`)
  }
  if (takesBorrows(lift.type)) out.add(`endBorrows(S, ${cx.table}, ${before});`)
}

const takesBorrows = (type: AbiFunc): boolean => type.params.some((param) => param.type.borrows)

/**
 * For the host: `x` takes arguments and gives the value, `y` takes the core
 * function to call as well and gives what that gives, of which `z` makes the value.
 */
const outerLift = (program: Program, expansion: Expansion, lift: Lift, id: number, out: Source): void => {
  const cx = program.context(lift.options, lift.component, "host")
  const core = program.names.func(lift.core)
  const names = lift.type.params.map((_, i) => `a${i}`)
  const hasHandles = lift.type.params.some((param) => param.type.handles)
  const lowering = new Source()
  if (hasHandles) lowering.add("S.isEntering = true;")
  lowering.add(`if (args.length !== ${names.length}) throw MISS;`)
  names.forEach((name, i) => lowering.add(`const ${name} = args[${i}];`))
  const flat = lowerParams(cx, expansion, lift.type, names, lowering).join(", ")
  if (hasHandles) lowering.add("S.entered();")
  const finishing = new Source()
  finish(program, cx, lift, "r", "0", finishing)
  finishing.add("return value; };")
  out.add(`const x${id} = (args) => {`, lowering.toString(), `const r = f${core}(${flat});`, finishing.toString())
  out.add(`const y${id} = (args, call) => {`, lowering.toString(), `return call(${flat}); };`)
  out.add(`const z${id} = (r) => {`, finishing.toString())
}

/** A component instance and those around it, the outermost one last. */
const chain = (expansion: Expansion, from: number): ReadonlyArray<number> => {
  const all: Array<number> = []
  for (let at: number | undefined = from; at !== undefined; at = expansion.parents[at]) all.push(at)
  return all
}

/** True where one component instance holds the other, or both are one: the outer one is always running. */
const isKin = (expansion: Expansion, one: number, other: number): boolean =>
  chain(expansion, one).includes(other) || chain(expansion, other).includes(one)

/** For other components: takes and gives values as `guest` ones. */
const innerLift = (program: Program, expansion: Expansion, lift: Lift, id: number, out: Source): void => {
  const cx = program.context(lift.options, lift.component, "guest")
  const core = program.names.func(lift.core)
  const names = lift.type.params.map((_, i) => `a${i}`)
  const lowering = new Source()
  if (takesBorrows(lift.type)) lowering.add(`const before = ${cx.table}.borrows;`)
  const flat = lowerParams(cx, expansion, lift.type, names, lowering).join(", ")
  const finishing = new Source()
  finish(program, cx, lift, "r", "before", finishing)
  out.add(`const n${id} = (${names.join(", ")}) => {`, lowering.toString())
  out.add(`const r = f${core}(${flat});`, finishing.toString(), "return value; };")
}

/** For guests: `w` is what a core module imports, `e` gives it the result. */
const lowered = (program: Program, expansion: Expansion, lower: Lower, id: number, out: Source): void => {
  const mode: Mode = lower.func.from === "host" ? "host" : "guest"
  const cx = program.context(lower.options, lower.component, mode)
  const types = paramsOf(lower.type)
  const flat = flatten(types)
  const { result } = lower.type
  const spilled = result !== undefined && (result.flat === undefined || result.flat.length > 1)
  const names = flat?.map((_, i) => `p${i}`) ?? ["p"]
  const to = spilled ? ["to"] : []
  const lifting = new Source()
  if (types.some((type) => type.outer) || flat === undefined) lifting.add(cx.refresh, "S.liftLeft = S.limits.lift;")
  const values = flat === undefined
    ? spilledParams(cx, expansion, types, lifting)
    : flatParams(cx, types, names, lifting)
  const finishing = new Source()
  const answer = lowerResult(cx, result, spilled, finishing)
  const borrows = takesBorrows(lower.type)
  out.add(`const e${id} = (${["v", ...to].join(", ")}) => {`, finishing.toString(), `return ${answer}; };`)
  out.add(`const w${id} = (${[...names, ...to].join(", ")}) => {`, `if (S.aside) T(S, "leaves");`)
  if (borrows) out.add("const outer = S.lent, lent = S.lent = [];")
  out.add(lifting.toString(), ...values.map((value, i) => `const v${i}_ = ${value};`))
  if (borrows) out.add("S.lent = outer;")
  const given = values.map((_, i) => `v${i}_`).join(", ")
  const done = `${borrows ? "returnLent(lent); " : ""}return e${id}(${["v", ...to].join(", ")});`
  if (lower.func.from === "host") out.add(...hostCall(lower.func.id, given, done))
  else out.add(...innerCall(expansion, lower.component, lower.func.id, given, done))
  out.add("};")
}

const flatParams = (
  cx: Context,
  types: ReadonlyArray<AbiType>,
  names: ReadonlyArray<string>,
  out: Source
): ReadonlyArray<string> => {
  let next = 0
  return types.map((type) => {
    const width = type.flat?.length ?? 0
    const value = liftFlat(cx, type, names.slice(next, next + width), out)
    next += width
    return value
  })
}

const spilledParams = (
  cx: Context,
  expansion: Expansion,
  types: ReadonlyArray<AbiType>,
  out: Source
): ReadonlyArray<string> => {
  const all = expansion.types.tuple(types)
  out.add(
    "p >>>= 0;",
    `if (p % ${all.align} !== 0) T(S, "misaligned");`,
    `if (p + ${all.size} > ${cx.view("u8")}.length) T(S, "memory");`,
    `const spilled = ${load(cx, all, "p")};`
  )
  return types.map((_, i) => `spilled[${i}]`)
}

/** Lowers the variable `v` as a result: to the address `to`, or the expression of the flat value. */
const lowerResult = (cx: Context, type: AbiType | undefined, spilled: boolean, out: Source): string => {
  if (type === undefined) {
    out.add("if (v !== undefined) throw MISS;")
    return "undefined"
  }
  if (!spilled) return lowerFlat(cx, type, "v", out)[0] ?? "undefined"
  out.add(
    cx.refresh,
    "to >>>= 0;",
    `if (to % ${type.align} !== 0) T(S, "misaligned");`,
    `if (to + ${type.size} > ${cx.view("u8")}.length) T(S, "memory");`
  )
  store(cx, type, "v", "to", out)
  return "undefined"
}

/** Calls the host: what it throws, and what it gives that is not of the result's type, ends the guest. */
const hostCall = (func: number, values: string, done: string): ReadonlyArray<string> => [
  `const host = H[${func}]; S.charge(host.fuel);`,
  `let v; try { v = host.call(${values});`,
  `if (S.failure !== undefined) S.bridge.trap();`,
  `if (host.async && S.isPromise(v)) return S.suspend(v, (v) => { ${done} });`,
  `${done} } catch (error) { return S.failed(error, v); }`
]

/** Calls another component: what ends that one ends the caller. */
const innerCall = (
  expansion: Expansion,
  caller: number,
  target: number,
  values: string,
  done: string
): ReadonlyArray<string> => {
  const callee = expansion.lifts[target]?.component ?? 0
  if (isKin(expansion, caller, callee)) return [`return T(S, "reentry");`]
  return [
    `try { S.cross(); let v = n${target}(${values}); S.depth--;`,
    `${done} } catch (error) { return S.crossed(error); }`
  ]
}

/** Fuel of a built-in of resources. */
const handleFuel = 50

const builtIn = (program: Program, expansion: Expansion, builtin: Builtin, id: number, out: Source): void => {
  program.tables.add(builtin.component)
  const table = `h${builtin.component}`
  const { resource } = builtin
  switch (builtin.kind) {
    case "resource.new":
      out.add(
        `const b${id} = (rep) => { if (S.aside) T(S, "leaves"); S.charge(${handleFuel}); return newHandle(S, ${table}, rep, ${resource}); };`
      )
      return
    case "resource.rep":
      out.add(`const b${id} = (i) => { S.charge(${handleFuel}); return repOf(S, ${table}, i >>> 0, ${resource}); };`)
      return
    case "resource.drop":
      out.add(
        `const b${id} = (i) => { if (S.aside) T(S, "leaves"); S.charge(${handleFuel});`,
        `const rep = dropHandle(S, ${table}, i >>> 0, ${resource});`,
        destroy(program, expansion, builtin),
        "};"
      )
  }
}

/** What happens to what an owned handle stood for; `rep` is undefined after a borrowed one. */
const destroy = (program: Program, expansion: Expansion, builtin: Builtin): string => {
  const resource = expansion.resources[builtin.resource]
  if (resource === undefined) throw new RangeError("a resource that nobody has")
  if (resource.from === "host") {
    return `if (rep !== undefined) try { S.drop(${builtin.resource}, rep); } catch (error) { return S.failed(error); }`
  }
  if (resource.destructor === undefined) return ""
  const call = `f${program.names.func(resource.destructor)}(rep);`
  return [
    "if (rep === undefined) return;",
    `try { S.cross(); ${call} } catch (error) { return S.crossed(error); } S.depth--;`
  ].join("\n")
}
