/** What a program reached for that no seed decides. */
export class Uncontrolled extends Error {
  readonly what: string
  constructor(what: string, instead: string) {
    super(`${what} is not simulated: ${instead}`)
    this.name = "Uncontrolled"
    this.what = what
  }
}

type Refuse = (what: string, instead: string) => never

const clock = "take the time from Clock, or from the context of the actor"
const sleep = "wait with Effect.sleep"
const promise =
  "a promise settles outside of the simulation; let the program take an Effect, and give it one that is simulated"

const chance = "take what is random from Random, or from the context of the actor"

const timers = ["setTimeout", "setInterval", "setImmediate"] as const

/** What there is of Node here, and of the Web's cryptography. */
interface Platform {
  readonly process?: { readonly nextTick?: (...args: ReadonlyArray<unknown>) => void; readonly hrtime?: unknown }
  readonly crypto?: { readonly randomUUID?: unknown; readonly getRandomValues?: unknown }
}

/** Whether Node itself calls the function that asks: its streams do, for what is printed. */
const isCalledByNode = (): boolean => /\bnode:/.test(new Error().stack?.split("\n")[3] ?? "")

const replacedOfPlatform = (refuse: Refuse): ReadonlyArray<readonly [object, string, unknown]> => {
  const { crypto, process } = globalThis as unknown as Platform
  const all: Array<readonly [object, string, unknown]> = []
  const nextTick = process?.nextTick
  if (process !== undefined && nextTick !== undefined) {
    all.push([
      process,
      "nextTick",
      (...args: ReadonlyArray<unknown>) =>
        isCalledByNode() ? nextTick(...args) : refuse("process.nextTick", "fork a fiber")
    ])
  }
  if (process?.hrtime !== undefined) {
    const bigint = () => refuse("process.hrtime.bigint", clock)
    all.push([process, "hrtime", Object.assign(() => refuse("process.hrtime", clock), { bigint })])
  }
  for (const name of ["randomUUID", "getRandomValues"] as const) {
    if (crypto?.[name] !== undefined) all.push([crypto, name, () => refuse(`crypto.${name}`, chance)])
  }
  return all
}

const replaced = (refuse: Refuse, random: () => number): ReadonlyArray<readonly [object, string, unknown]> => {
  const RealDate = globalThis.Date
  const realThen = Promise.prototype.then
  const scope = globalThis as unknown as Record<string, unknown>
  const refused = (what: string, instead: string) => () => refuse(what, instead)
  const SimulatedDate = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      args.length === 0 ? refuse("new Date()", clock) : Reflect.construct(target, args, newTarget) as object,
    apply: () => refuse("Date()", clock),
    get: (target, key) => key === "now" ? refused("Date.now", clock) : Reflect.get(target, key)
  })
  return [
    ...replacedOfPlatform(refuse),
    [globalThis, "Date", SimulatedDate],
    [globalThis, "queueMicrotask", refused("queueMicrotask", "fork a fiber")],
    ...timers.filter((name) => scope[name] !== undefined)
      .map((name) => [globalThis, name, refused(name, sleep)] as const),
    [performance, "now", refused("performance.now", clock)],
    [Promise.prototype, "then", function(this: Promise<unknown>) {
      // It may reject later, when nobody is there to hear of it.
      void realThen.call(this, undefined, () => {})
      return refuse("A promise", promise)
    }],
    [Math, "random", random]
  ]
}

/**
 * Runs synchronous code in which the sources of time, asynchrony and ids of the
 * platform throw, and `Math.random` is the seed's. What was taken from a module of
 * the platform before is not seen. Nothing else of the process
 * can run meanwhile; afterwards everything is as it was.
 *
 * `seen` is told each time, since the program may catch what is thrown.
 */
export const withoutPlatform = <A>(random: () => number, seen: (use: Uncontrolled) => void, body: () => A): A => {
  const refuse: Refuse = (what, instead) => {
    const use = new Uncontrolled(what, instead)
    seen(use)
    throw use
  }
  const before = replaced(refuse, random).map(([owner, key, value]) => {
    const own = Object.getOwnPropertyDescriptor(owner, key)
    Object.defineProperty(owner, key, { configurable: true, writable: true, value })
    return () =>
      own === undefined ? void Reflect.deleteProperty(owner, key) : void Object.defineProperty(owner, key, own)
  })
  try {
    return body()
  } finally {
    for (const restore of before) restore()
  }
}
