/**
 * What a host tells its operator, as events: on a terminal of 80 columns, or
 * as one line of JSON each.
 *
 * Text that came from guests and manifests is escaped before it is printed.
 *
 * @since 0.1.0
 */
import type { Intensity } from "airssys/actor/Supervisor"
import type { ComponentEnd } from "airssys/component/ComponentEnd"
import type { Placement } from "airssys/component/ComponentHost"
import type { State } from "airssys/component/ComponentLifecycle"
import type { CallReceipt } from "airssys/component/Receipt"
import type { Release } from "airssys/component/Release"
import * as Explanation from "airssys/security/Explanation"
import * as SafeText from "airssys/security/SafeText"
import * as Version from "airssys/Version"
import * as ByteSize from "effect/ByteSize"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * @category models
 * @since 0.1.0
 */
export type ReportEvent =
  | { readonly event: "begin"; readonly version: string; readonly node: string; readonly title: string }
  | { readonly event: "build"; readonly component: string; readonly millis: number }
  | { readonly event: "install"; readonly releases: ReadonlyArray<Release> }
  | { readonly event: "start"; readonly placements: ReadonlyArray<Placement>; readonly intensity: Intensity }
  | { readonly event: "ready" }
  | { readonly event: "life"; readonly component: string; readonly state: State; readonly because: string }
  | { readonly event: "step"; readonly number: number; readonly title: string }
  | {
    readonly event: "answer"
    readonly call: string
    readonly value: unknown
    readonly receipt?: CallReceipt | undefined
  }
  | {
    readonly event: "failure"
    readonly call: string
    readonly error: string
    readonly receipt?: CallReceipt | undefined
  }
  | { readonly event: "denied"; readonly explanation: Explanation.Explanation; readonly entry: number | undefined }
  | {
    readonly event: "deadline"
    readonly component: string
    readonly export: string
    readonly millis: number
    readonly limit: number
  }
  | { readonly event: "meanwhile"; readonly component: string; readonly calls: number; readonly longest: number }
  | { readonly event: "crash"; readonly component: string; readonly category: string; readonly export: string }
  | {
    readonly event: "restart"
    readonly component: string
    readonly attempt: number
    readonly max: number
    readonly millis: number
  }
  | { readonly event: "audit"; readonly entries: number; readonly tampered: number }
  | { readonly event: "ended"; readonly end: ComponentEnd }
  | {
    readonly event: "stop"
    readonly millis: number
    readonly sent: number
    readonly handled: number
    readonly failed: number
    readonly lost: number
  }
  | { readonly event: "end"; readonly text: string }

/**
 * Where a host's events go.
 *
 * @category services
 * @since 0.1.0
 */
export class Report extends Context.Service<Report, {
  readonly emit: (event: ReportEvent) => Effect.Effect<void>
}>()("@airssys/cli/Report") {}

/**
 * Layer that prints for people.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerText: Layer.Layer<Report> = Layer.succeed(Report, {
  emit: (event) => Effect.forEach(text(event), (line) => Console.log(line), { discard: true })
})

/**
 * Layer that prints one JSON object per line.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerJson: Layer.Layer<Report> = Layer.succeed(Report, {
  emit: (event) => Console.log(json(event))
})

/**
 * Reports who is speaking: airssys, its version and that of Node.
 *
 * @category combinators
 * @since 0.1.0
 */
export const begin = (title: string): Effect.Effect<void, never, Report> =>
  Report.use((report) => report.emit({ event: "begin", version: Version.version, node: process.versions.node, title }))

/**
 * Reports what was started, and with what.
 *
 * @category combinators
 * @since 0.1.0
 */
export const started = (
  placements: ReadonlyArray<Placement>,
  intensity: Intensity
): Effect.Effect<void, never, Report> =>
  placements.length === 0
    ? Effect.void
    : Report.use((report) => report.emit({ event: "start", placements, intensity }))

/**
 * Reports that everything runs.
 *
 * @category combinators
 * @since 0.1.0
 */
export const ready: Effect.Effect<void, never, Report> = Report.use((report) => report.emit({ event: "ready" }))

/**
 * Reports a last line.
 *
 * @category combinators
 * @since 0.1.0
 */
export const end = (text: string): Effect.Effect<void, never, Report> =>
  Report.use((report) => report.emit({ event: "end", text }))

/**
 * Reports a heading, then runs an effect.
 *
 * @category combinators
 * @since 0.1.0
 */
export const step = <A, E, R>(
  number: number,
  title: string,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | Report> =>
  Effect.andThen(Report.use((report) => report.emit({ event: "step", number, title })), effect)

const width = 80

/**
 * The lines of an event, at most 80 columns each where words allow it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const text = (event: ReportEvent): ReadonlyArray<string> => {
  switch (event.event) {
    case "begin":
      return [...wrap(`airssys ${event.version} on Node ${event.node}. ${event.title}`, ""), ""]
    case "build":
      return [`Built ${event.component} in ${duration(event.millis)}.`]
    case "install":
      return table(
        ["INSTALL", "version", "digest", "trust", "asks for"],
        event.releases.map((release) => [
          `  ${release.manifest.component.name}`,
          release.version,
          release.digest.slice("sha256:".length, "sha256:".length + 8),
          release.trust.level,
          asks(release)
        ])
      )
    case "start":
      return [
        ...table(
          ["START", "tier", "memory", "fuel", "time", "restarts"],
          event.placements.map(({ limits, metered, release, tier }) => [
            `  ${release.manifest.component.name}`,
            tier,
            bytes(limits.memory),
            metered && limits.fuel !== undefined ? limits.fuel.toLocaleString("en") : "-",
            limits.timeout === undefined ? "-" : duration(Duration.toMillis(limits.timeout)),
            `${event.intensity.restarts} in ${duration(Duration.toMillis(event.intensity.within))}`
          ])
        ),
        ""
      ]
    case "ready":
      return ["Running. Interrupt to stop."]
    case "life":
      return body(`${event.component} is ${event.state}: ${event.because}`)
    case "step":
      return [`${event.number}  ${event.title}`]
    case "answer":
      return [...body(`${event.call} = ${show(event.value)}`), ...receipt(event.receipt)]
    case "failure":
      return [...body(`${event.call} failed: ${event.error}`), ...receipt(event.receipt)]
    case "denied":
      return Explanation.render(event.explanation, { entry: event.entry }).split("\n").flatMap(body)
    case "deadline":
      return body(`Stopped after ${event.millis} ms (limit ${event.limit}).`)
    case "meanwhile":
      return body(
        `Meanwhile ${event.component} answered ${event.calls.toLocaleString("en")} calls; the longest took ${
          duration(event.longest)
        }.`
      )
    case "crash":
      return body(`Trap "${event.category}" in ${event.component}, ${event.export}. Its sender got ComponentError.`)
    case "restart":
      return body(`Restart ${event.attempt} of ${event.max} after ${event.millis} ms: a fresh instance.`)
    case "audit":
      return body(
        `${event.entries} entries, chain verified. A copy with one byte changed: fails at entry ${event.tampered}.`
      )
    case "ended":
      return ended(event.end)
    case "stop":
      return [
        "",
        ...wrap(
          `Stopped in ${event.millis} ms. ${event.sent.toLocaleString("en")} ${
            event.sent === 1 ? "message" : "messages"
          } sent = ${event.handled.toLocaleString("en")} handled + ${event.failed} failed. ${
            event.lost === 0 ? "None lost." : `${event.lost} lost.`
          }`,
          ""
        )
      ]
    case "end":
      return wrap(event.text, "")
  }
}

/**
 * An event as one line of JSON; bigint becomes a decimal string.
 *
 * @category combinators
 * @since 0.1.0
 */
export const json = (event: ReportEvent): string => JSON.stringify(plain(event), bigintText)

const bigintText = (_key: string, value: unknown): unknown => typeof value === "bigint" ? value.toString() : value

const plain = (event: ReportEvent): object => {
  switch (event.event) {
    case "install":
      return {
        event: "install",
        releases: event.releases.map((release) => ({
          component: release.id,
          version: release.version,
          digest: release.digest,
          trust: release.trust.level,
          because: release.trust.because,
          asks: release.manifest.asks.map((ask) => ({ kind: ask.kind, patterns: ask.patterns, reason: ask.reason }))
        }))
      }
    case "start":
      return {
        event: "start",
        components: event.placements.map(({ limits, metered, release, tier }) => ({
          component: release.id,
          tier,
          memory: limits.memory,
          fuel: metered ? limits.fuel ?? null : null,
          timeout: limits.timeout === undefined ? null : Duration.toMillis(limits.timeout)
        })),
        restarts: event.intensity.restarts,
        within: Duration.toMillis(event.intensity.within)
      }
    case "denied":
      return {
        event: "denied",
        principal: event.explanation.principal.id,
        capability: event.explanation.kind,
        resource: event.explanation.resource,
        reason: event.explanation.reason,
        entry: event.entry ?? null,
        explanation: Explanation.render(event.explanation, { entry: event.entry })
      }
    case "ended": {
      const { hook: _, ...end } = event.end
      return { event: "ended", ...end }
    }
    default:
      return event
  }
}

/** One that ended in order is not worth a line. */
const ended = ({ because, component, outcome }: ComponentEnd): ReadonlyArray<string> => {
  switch (outcome) {
    case "Stopped":
      return []
    case "Killed":
      return wrap(SafeText.escape(`${component} was killed: ${because}.`), "")
    case "Failed":
      return wrap(SafeText.escape(`${component} failed: ${because}.`), "")
  }
}

const asks = (release: Release): string =>
  release.manifest.asks.length === 0
    ? "nothing, so there is nothing to approve"
    : [...new Set(release.manifest.asks.map((ask) => ask.kind))].join(", ")

const table = (
  header: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>
): ReadonlyArray<string> => {
  const lines = [header, ...rows.map((row) => row.map((cell) => SafeText.escape(cell)))]
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines.map((line) =>
    line.map((cell, column) => column === line.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)).join("  ")
      .slice(0, width)
  )
}

const receipt = (of: CallReceipt | undefined): ReadonlyArray<string> =>
  of === undefined ? [] : body(
    `receipt: ${of.fuel === undefined ? "-" : of.fuel.toLocaleString("en")} fuel, ${bytes(of.memory)}, ${
      duration(Number(of.nanos) / 1e6)
    }`
  )

const body = (line: string): ReadonlyArray<string> => wrap(SafeText.escape(line), "   ")

const wrap = (line: string, indent: string): ReadonlyArray<string> => {
  const lead = `${indent}${/^ */.exec(line)?.[0] ?? ""}`
  const out: Array<string> = []
  let current = lead
  for (const word of line.trim().split(" ")) {
    if (current.length > lead.length && current.length + 1 + word.length > width) {
      out.push(current)
      current = lead
    }
    current += current.length === lead.length ? word : ` ${word}`
  }
  return [...out, current]
}

const bytes = (count: number): string =>
  count % 1024 === 0 || count > 1024 * 1024
    ? `${Number((count / (1024 * 1024)).toFixed(1))} MiB`
    : ByteSize.format(ByteSize.bytes(count))

const duration = (millis: number): string =>
  millis >= 1000 ? `${Number((millis / 1000).toFixed(1))} s` : `${Number(millis.toFixed(millis < 10 ? 1 : 0))} ms`

/**
 * A value of a call as a person reads it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const show = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value === "bigint") return `${value}n`
  if (value instanceof Uint8Array) return show(Array.from(value))
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([key, field]) => `${key}: ${show(field)}`)
    return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`
  }
  return String(value)
}
