import type * as WitType from "@airssys/engine/WitType"
import * as Clock from "effect/Clock"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createHash } from "node:crypto"
import {
  ComponentEngine,
  type Imports,
  type Instance,
  type Keeps,
  type Tier
} from "../../src/component/ComponentEngine.ts"
import { ComponentError, InstantiateError, LoadError, type TrapCategory } from "../../src/component/ComponentError.ts"
import * as Contract from "../../src/component/Contract.ts"
import { ReleaseSource, SourceError } from "../../src/component/ReleaseSource.ts"
import * as Runtime from "../../src/Runtime.ts"
import * as AuditLog from "../../src/security/AuditLog.ts"
import * as AuditStore from "../../src/security/AuditStore.ts"
import * as TrustRegistry from "../../src/security/TrustRegistry.ts"

/** What a scripted guest can do: call what it imports, and trap. */
export interface Powers {
  readonly host: (name: string, ...args: ReadonlyArray<unknown>) => unknown
  readonly trap: (category: TrapCategory) => never
}

export type Code = (powers: Powers, ...args: ReadonlyArray<unknown>) => unknown

export interface Guest {
  readonly world: WitType.World
  readonly code: Readonly<Record<string, Code>>
}

class Trap extends Error {
  readonly category: TrapCategory
  constructor(category: TrapCategory) {
    super(category)
    this.category = category
  }
}

class ScriptedInstance implements Instance {
  readonly component: { readonly digest: string; readonly world: WitType.World }
  readonly tier: Tier
  readonly imports: Imports
  readonly guest: Guest
  state: "Idle" | "Poisoned" | "Disposed" = "Idle"
  constructor(component: ScriptedInstance["component"], tier: Tier, imports: Imports, guest: Guest) {
    this.component = component
    this.tier = tier
    this.imports = imports
    this.guest = guest
  }
  isPoisoned(): boolean {
    return this.state === "Poisoned"
  }
}

export const digestOf = (code: string): string => createHash("sha256").update(code).digest("hex")

/** Text for a manifest of `acme:<name>`; `more` goes below. */
export const manifest = (name: string, more = ""): string =>
  [
    "schema = 1",
    "[component]",
    "namespace = \"acme\"",
    `name = "${name}"`,
    "version = \"1.0.0\"",
    `world = "acme:${name}/plugin@1.0.0"`,
    "[build]",
    "command = \"none\"",
    "output = \"out.wasm\"",
    "[limits]",
    "memory = \"1 MiB\"",
    "fuel = 1000",
    "timeout = \"1 s\"",
    more
  ].join("\n")

/** A world whose exports are functions of `acme:<name>/<name>@1.0.0`. */
export const world = (
  name: string,
  functions: ReadonlyArray<WitType.Func>,
  more: Partial<WitType.World> = {}
): WitType.World => ({
  imports: more.imports ?? [],
  exports: [
    { id: `acme:${name}/${name}@1.0.0`, functions, types: [], resources: [] },
    ...more.exports ?? []
  ]
})

export const func = (name: string, result: WitType.WitType | undefined = undefined): WitType.Func => ({
  name,
  params: [],
  result,
  async: false
})

export { interfaceOf as imported } from "./support/imports.ts"

export interface Files {
  manifest: string
  artifact: string
  path?: string
  signature?: string
}

/** A host whose files and guests a test changes while it runs. */
export const make = (options?: {
  readonly tiers?: Partial<Record<Tier, Keeps>>
  readonly devMode?: boolean
  readonly auditCapacity?: number
  readonly auditStore?: Layer.Layer<AuditStore.AuditStore>
}) => {
  const guests = new Map<string, Guest>()
  const files = new Map<string, Files>()
  const disposed: Array<string> = []
  const instances: Array<ScriptedInstance> = []
  const tiers: Partial<Record<Tier, Keeps>> = options?.tiers ??
    { inline: { timeout: true, fuel: true }, worker: { timeout: true, fuel: true } }

  const engine = Layer.succeed(ComponentEngine, {
    name: "scripted",
    keeps: (tier) => tiers[tier],
    load: (bytes) =>
      Effect.suspend(() => {
        const code = new TextDecoder().decode(bytes)
        const guest = guests.get(code)
        return guest === undefined
          ? Effect.fail(new LoadError({ reason: "Malformed", detail: "no such guest" }))
          : Effect.succeed({ digest: digestOf(code), world: guest.world, code })
      }),
    instantiate: (component, { imports, tier }) =>
      Effect.acquireRelease(
        Effect.suspend(() => {
          const guest = guests.get((component as unknown as { readonly code: string }).code)
          if (guest === undefined) {
            return Effect.fail(new InstantiateError({ reason: "Refused", detail: "made by another engine" }))
          }
          const instance = new ScriptedInstance(component, tier, imports, guest)
          instances.push(instance)
          return Effect.succeed(instance)
        }),
        (instance) =>
          Effect.sync(() => {
            instance.state = "Disposed"
            disposed.push(component.digest)
          })
      ),
    call: (of, target, args) =>
      Effect.withFiber((fiber) => {
        const instance = of as ScriptedInstance
        const name = Contract.exportName(target)
        const fail = (reason: ComponentError["reason"], detail: string) => {
          if (reason._tag === "Trap") instance.state = "Poisoned"
          return Effect.fail(
            new ComponentError({ component: instance.component.digest, export: name, reason, detail, denials: [] })
          )
        }
        if (instance.state !== "Idle") return fail({ _tag: "Poisoned" }, "is gone")
        const code = instance.guest.code[name]
        if (code === undefined) return fail({ _tag: "NoSuchExport" }, "there is no such export")
        const started = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
        const done = (value: unknown) => ({
          value,
          receipt: { fuel: 10, costTable: 1, memory: 65_536, nanos: started }
        })
        try {
          const value = code({
            host: (path, ...args) => {
              const [id = "", name = ""] = path.split("#")
              const found = instance.imports.get(id)?.get(name)
              if (found?._tag !== "Sync") throw new Error(`no import ${path}`)
              return found.call(args)
            },
            trap: (category) => {
              throw new Trap(category)
            }
          }, ...args)
          return Effect.isEffect(value)
            ? Effect.onInterrupt(
              Effect.map(value as Effect.Effect<unknown>, done),
              () => Effect.sync(() => (instance.state = "Poisoned"))
            )
            : Effect.succeed(done(value))
        } catch (error) {
          return error instanceof Trap
            ? fail({ _tag: "Trap", category: error.category }, `trap: ${error.category}`)
            : Effect.die(error)
        }
      }),
    callUnsafe: () => undefined,
    dispose: () => Effect.void
  })

  const find = (source: string) =>
    Effect.suspend(() => {
      const found = files.get(source)
      return found === undefined
        ? Effect.fail(new SourceError({ file: source, problem: "Missing", remedy: "Put it there." }))
        : Effect.succeed(found)
    })
  const source = Layer.succeed(ReleaseSource, {
    manifest: (source) =>
      Effect.map(find(source), (found) => ({
        folder: source,
        path: found.path,
        file: `${source}/Component.toml`,
        text: found.manifest
      })),
    artifact: (folder) => Effect.map(find(folder), (found) => new TextEncoder().encode(found.artifact)),
    signature: (folder) => Effect.map(find(folder), (found) => found.signature)
  })

  const layer = Runtime.layerWith.pipe(
    Layer.provideMerge(Runtime.layerKernel),
    Layer.provideMerge(Layer.orDie(TrustRegistry.layerMemory({ devMode: options?.devMode }))),
    Layer.provideMerge(Layer.orDie(AuditLog.layer({ capacity: options?.auditCapacity }))),
    Layer.provide(options?.auditStore ?? Layer.fresh(AuditStore.layerMemory)),
    Layer.provideMerge(source),
    Layer.provideMerge(engine),
    Layer.provide(Digest.layerWebCrypto)
  )

  return {
    layer,
    files,
    guests,
    disposed,
    instances,
    /** Puts a component `acme:<name>` into the folder `/plugins/<name>`. */
    put: (name: string, guest: Guest, more = "", at = `/plugins/${name}`): string => {
      const artifact = `${name} ${guests.size}`
      guests.set(artifact, guest)
      files.set(at, { manifest: manifest(name, more), artifact, path: at })
      return at
    }
  }
}
