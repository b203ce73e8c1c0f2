import type * as Engine from "../../src/Engine.ts"
import type { CallOptions, Instance, Outcome } from "../../src/Instance.ts"
import { assemble, parts } from "./guests.ts"

export type Call = (
  instance: Instance,
  name: string,
  args?: ReadonlyArray<unknown>,
  options?: CallOptions
) => Promise<Outcome>

/** Calls that may be made on a stack that others were made on before. */
export const onKept: Call = (instance, name, args = [], options = {}) =>
  new Promise((done, failed) => instance.func(undefined, name).run(args, options, { done, failed }))

/** Calls that have each a stack of their own. */
export const onOwn: Call = (instance, name, args = [], options) => instance.func(undefined, name).call(args, options)

/** Makes an engine keep this many stacks for functions with so many parameters, each an u32, that give one or nothing. */
export const keep = async (
  engine: Engine.Engine,
  count: number,
  types: ReadonlyArray<{ readonly params: number; readonly gives: boolean }>
): Promise<void> => {
  for (const { gives, params } of types) {
    const names = Array.from({ length: params }, (_, i) => `p${i}`)
    const core = `(func (export "f") ${"(param i32) ".repeat(params)} ${gives ? "(result i32) (i32.const 0)" : ""})`
    const type = `${names.map((name) => `(param "${name}" u32)`).join(" ")} ${gives ? "(result u32)" : ""}`
    const component = await engine.load(await assemble(parts({ core, exports: { f: type } })))
    const instances = Array.from({ length: count }, () => engine.instantiate(component))
    const round = () => Promise.all(instances.map((instance) => onKept(instance, "f", names.map(() => 1))))
    // A stack is made where 32 calls have found none; there are half as many calls without one when half are made.
    for (let i = 0; i < 32 * (2 + Math.log(count)); i++) await round()
    for (const instance of instances) instance.dispose()
  }
  // Calls that follow each other without a pause have to wait for a turn.
  await new Promise((resolve) => setImmediate(resolve))
}
