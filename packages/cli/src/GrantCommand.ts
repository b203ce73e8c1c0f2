/**
 * `airssys grant`: grants of what a component asks for, written into the
 * host's file.
 *
 * Without a choice it shows what is asked, the greatest risk first, and writes
 * nothing. What it writes is read again before it takes the place of the file:
 * the grants are there, and nothing else is different.
 *
 * @since 0.1.0
 */
import * as ConfigFile from "airssys/component/ConfigFile"
import * as HostConfig from "airssys/component/HostConfig"
import * as Manifest from "airssys/component/Manifest"
import * as ReleaseSource from "airssys/component/ReleaseSource"
import type { Ask } from "airssys/security/Ask"
import * as CapabilityDiff from "airssys/security/CapabilityDiff"
import * as CapabilityKind from "airssys/security/CapabilityKind"
import * as Grant from "airssys/security/Grant"
import * as Risk from "airssys/security/Risk"
import * as SafeText from "airssys/security/SafeText"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as HostFlags from "./HostFlags.ts"

/**
 * Nothing was granted, and why.
 *
 * @category errors
 * @since 0.1.0
 */
export class GrantError extends Schema.TaggedError<GrantError>("@airssys/cli/GrantError")("GrantError", {
  detail: Schema.String
}) {
  override get message(): string {
    return `error: ${this.detail}. Nothing was granted.`
  }
}

const refuse = (detail: string): Effect.Effect<never, GrantError> => Effect.fail(new GrantError({ detail }))

const header = /^\s*\[/
const ownTable = /^\s*\[\[?\s*component\s*\./
const aside = /^\s*(?:#.*)?$/

/** Puts blocks behind the last line of the `[[component]]` that begins at a line, counted from 1. */
const insert = (text: string, line: number, blocks: string): string => {
  const lines = text.split("\n")
  const next = lines.findIndex((found, index) => index >= line && header.test(found) && !ownTable.test(found))
  let at = next === -1 ? lines.length : next
  while (at > line && aside.test(lines[at - 1] ?? "")) at--
  return [...lines.slice(0, at), "", ...blocks.trimEnd().split("\n"), ...lines.slice(at)].join("\n")
}

const blockOf = ({ audit, kind, patterns }: Ask, reason: string, expires: string | undefined): string =>
  [
    "[[component.grant]]",
    `reason = ${SafeText.tomlString(reason)}`,
    ...(expires === undefined ? [] : [`expires = ${expires}`]),
    ...(audit === undefined ? [] : [`audit = "${audit}"`]),
    `${kind} = ${CapabilityKind.takesPatterns(kind) ? `[${patterns.map(SafeText.tomlString).join(", ")}]` : "true"}`,
    ""
  ].join("\n")

/** All of a file but where its blocks are, and the grants of one component. */
const rest = (config: HostConfig.HostConfig, index: number): string =>
  JSON.stringify({
    ...config,
    roots: [...config.roots],
    components: config.components.map(({ options, source }, at) => ({
      source,
      options: at === index ? { ...options, grants: [] } : options
    }))
  }, (_, value: unknown) => typeof value === "bigint" ? String(value) : value)

const name = ({ component, id }: Manifest.Manifest): string => `${id}@${component.version}`

const find = Effect.fnUntraced(function*(config: HostConfig.HostConfig, folder: string, wanted: string) {
  const source = yield* ReleaseSource.ReleaseSource
  const path = yield* Path.Path
  const [id = "", version] = wanted.split("@")
  const known: Array<string> = []
  for (const [index, component] of config.components.entries()) {
    const { file, text } = yield* source.manifest(path.resolve(folder, component.source))
    const manifest = yield* Effect.fromResult(Manifest.parse(text, { file }))
    if (manifest.id === id) {
      return version === undefined || version === manifest.component.version
        ? { index, component, manifest }
        : yield* refuse(`the folder of ${manifest.id} holds version ${manifest.component.version}`)
    }
    known.push(name(manifest))
  }
  return yield* refuse(
    `airssys.toml names no component ${SafeText.escape(wanted)}: it has ${
      known.map((_) => SafeText.escape(_)).join(", ")
    }`
  )
})

/** What is recorded before its use is granted all the same. */
const isWithin = (
  { kind, patterns }: Ask,
  grants: ReadonlyArray<CapabilityDiff.Block>,
  expires: string | undefined
): boolean => {
  const from = grants.map(({ expires, kind, patterns }) => ({ expires, kind, patterns }))
  return CapabilityDiff.make({ from, to: [{ kind, patterns, expires }] }).widened.length === 0
}

/** The end of the grants does not count here: they are shown as they stand in the file. */
const isGranted = (ask: Ask, grants: ReadonlyArray<Grant.Grant>): boolean =>
  isWithin(ask, grants.map(({ kind, patterns }) => ({ kind, patterns })), undefined)

/** Those of all asks that are chosen, each by the number that it has among all. */
const lines = (
  asks: ReadonlyArray<Ask>,
  grants: ReadonlyArray<Grant.Grant>,
  shown: ReadonlyArray<Ask> = asks
): ReadonlyArray<string> =>
  asks
    .flatMap((ask, index) =>
      shown.includes(ask)
        ? CapabilityDiff.items([ask]).map((item) => ({ ask, index, item, risk: Risk.assess(item.kind, item.pattern) }))
        : []
    )
    .toSorted((a, b) => Risk.compare(a.risk, b.risk))
    .map(({ ask, index, item, risk }) =>
      [
        `  ${String(index + 1).padStart(3)}  ${risk.level.toUpperCase().padEnd(8)}`,
        `${item.kind}${item.pattern === "" ? "" : ` ${SafeText.word(item.pattern)}`}:`,
        `it ${risk.because}. ${SafeText.quote(ask.reason)}${isGranted(ask, grants) ? " (granted)" : ""}`
      ].join(" ")
    )

const chosen = (asks: ReadonlyArray<Ask>, only: string) => {
  const numbers = only.split(",").map((text) => /^[1-9][0-9]{0,4}$/.test(text.trim()) ? Number(text) : 0)
  const wrong = numbers.findIndex((number) => number < 1 || number > asks.length)
  return wrong === -1
    ? Effect.succeed([...new Set(numbers)].map((number) => asks[number - 1]!))
    : refuse(`${SafeText.escape(only)} is no list of numbers from 1 to ${asks.length}`)
}

const apart = "This host needs approvals besides, signed by its operators: a grant is none."

const grant = Effect.fnUntraced(function*(options: {
  readonly component: string
  readonly folder: string
  readonly only: string | undefined
  readonly all: boolean
  readonly reason: string | undefined
  readonly expires: string | undefined
}) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(options.folder, "airssys.toml")
  const text = yield* Effect.mapError(
    fs.readFileString(file),
    () => new GrantError({ detail: `there is no ${file}: name the host's folder with --folder` })
  )
  const config = yield* Effect.mapError(
    Effect.fromResult(HostConfig.parse(text, { file })),
    ({ problems }) => new HostConfig.HostConfigError({ problems, outcome: "Nothing was granted." })
  )
  const { component, index, manifest } = yield* find(config, options.folder, options.component)
  const { grants } = component.options
  if (config.approvals !== undefined) yield* Console.log(apart)
  if (options.only === undefined && !options.all) {
    yield* Console.log([`${name(manifest)} asks for:`, ...lines(manifest.asks, grants)].join("\n"))
    return yield* Console.log("Nothing was granted: choose with --only 1,2 or --all.")
  }
  const asks = options.only === undefined ? manifest.asks : yield* chosen(manifest.asks, options.only)
  const wanted = asks.filter((ask) => !isWithin(ask, grants, options.expires))
  if (wanted.length === 0) return yield* Console.log(`${name(manifest)} is granted this already.`)
  const given = yield* Effect.forEach(wanted, (ask) =>
    Effect.fromResult(Grant.fromUnknown({
      kind: ask.kind,
      patterns: ask.patterns,
      reason: options.reason ?? ask.reason,
      ...(options.expires === undefined ? undefined : { expires: options.expires }),
      ...(ask.audit === undefined ? undefined : { audit: ask.audit })
    })))
  const blocks = wanted.map((ask) => blockOf(ask, options.reason ?? ask.reason, options.expires)).join("\n")
  const changed = insert(text, component.place.line, blocks)
  const read = HostConfig.parse(changed, { file })
  const isAsMeant = Result.isSuccess(read) && rest(read.success, index) === rest(config, index) &&
    JSON.stringify(read.success.components[index]?.options.grants) === JSON.stringify([...grants, ...given])
  if (!isAsMeant) return yield* refuse(`${file} is written in a way that a grant cannot be put into: add it by hand`)
  yield* ConfigFile.update(file, (found) =>
    found === text
      ? Result.succeed(changed)
      : Result.fail(new GrantError({ detail: `${file} was changed meanwhile: look again` })))
  yield* Console.log([`${name(manifest)} is granted:`, ...lines(manifest.asks, [], wanted)].join("\n"))
})

/**
 * @category models
 * @since 0.1.0
 */
export const command = Command.make(
  "grant",
  {
    component: Argument.String("component").pipe(
      Argument.withDescription("A component of the host, acme:rates or acme:rates@1.2.0")
    ),
    folder: HostFlags.folder,
    only: Flag.String("only").pipe(
      Flag.withDescription("The numbers of what it asks for, as they are shown without this flag: 1,3"),
      Flag.optional
    ),
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("Grant everything that it asks for"),
      Flag.withDefault(false)
    ),
    reason: Flag.String("reason").pipe(
      Flag.withDescription("Why; by default the reason that it gives"),
      Flag.optional
    ),
    expires: Flag.String("expires").pipe(
      Flag.withDescription("The last valid day, UTC: 2027-03-31"),
      Flag.optional
    )
  },
  ({ all, component, expires, folder, only, reason }) =>
    grant({
      component,
      folder,
      only: Option.getOrUndefined(only),
      all,
      reason: Option.getOrUndefined(reason),
      expires: Option.getOrUndefined(expires)
    }).pipe(Effect.provide(ReleaseSource.layerFileSystem))
).pipe(
  Command.withDescription("Grant a component of a host what it asks for"),
  Command.withExamples([{
    command: "airssys grant acme:rates@1.2.0 --only 1 --expires 2027-03-31",
    description: "Grant the first that it asks for"
  }])
)
