import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import { AuditLog } from "../../security/AuditLog.ts"
import * as Places from "../../security/Places.ts"
import { TrustRegistry } from "../../security/TrustRegistry.ts"
import type { Candidate, SignedRelease, Verdict } from "../../security/TrustVerdict.ts"
import { ComponentEngine, type LoadedComponent } from "../ComponentEngine.ts"
import { HostFunctions } from "../HostFunctions.ts"
import type { HostingOptions } from "../HostingOptions.ts"
import * as Manifest from "../Manifest.ts"
import type { Release } from "../Release.ts"
import { type ManifestText, ReleaseSource } from "../ReleaseSource.ts"
import * as bindings from "./bindings.ts"
import * as componentLimits from "./componentLimits.ts"
import * as installChecks from "./installChecks.ts"
import * as signedRelease from "./signedRelease.ts"

/** Reads, checks and judges components, each once while it stays as it is. */
export const make = Effect.gen(function*() {
  const audit = yield* AuditLog
  const digests = yield* Digest.Digest
  const engine = yield* ComponentEngine
  const functions = yield* HostFunctions
  const source = yield* ReleaseSource
  const trust = yield* TrustRegistry
  const judging = Places.make(auditedAtOnce)
  const folders = new Map<string, Folder>()

  // Reading and compiling may take long, and one component is not to hold up another.
  const install = Effect.fnUntraced(function*(folder: string) {
    const text = yield* source.manifest(folder)
    const manifest = yield* Effect.fromResult(Manifest.parse(text.text, { file: text.file }))
    const component = yield* engine.load(yield* source.artifact(text.folder, manifest.build.output), {
      asyncImports: bindings.waiting(functions, manifest.asks)
    })
    const signature = yield* source.signature(text.folder)
    const signed = signature === undefined
      ? undefined
      : yield* signedRelease.make(digests, signature, text.text, manifest)
    const known = folders.get(text.folder) ?? { inTurn: Places.make(1), installed: undefined }
    folders.set(text.folder, known)
    return yield* known.inTurn(judging(judge(known, { text, manifest, component, signed, signature })))
  })

  const judge = Effect.fnUntraced(function*(
    folder: Folder,
    { component, manifest, signature, signed, text }: Files
  ) {
    const known = folder.installed
    const digest = `sha256:${component.digest}`
    const isKnown = known?.text === text.text && known.signature === signature && known.release.digest === digest
    if (!isKnown) {
      yield* installChecks.inspect(manifest, component.world, functions)
      yield* audit.append({ _tag: "Installed", component: `${manifest.id} ${manifest.component.version}`, digest })
    }
    const verdict = yield* trust.evaluate({ digest, path: text.path, signed })
    if (isKnown && isSameVerdict(known.release.trust, verdict)) return known.release
    const release: Release = {
      id: manifest.id,
      version: manifest.component.version,
      digest,
      source: text.folder,
      path: text.path,
      manifest,
      manifestText: text.text,
      component,
      trust: verdict,
      signed
    }
    folder.installed = { text: text.text, signature, release }
    return release
  })

  const evaluated = (release: Release, how: Pick<Candidate, "isStarting" | "known">) => {
    const { digest, path, signed } = release
    return Effect.map(
      judging(trust.evaluate({ digest, path, signed, ...how })),
      (verdict) => isSameVerdict(release.trust, verdict) ? release : { ...release, trust: verdict }
    )
  }

  /** A release as it is judged by now; recorded where that is not what it was. */
  const judged = (release: Release) => evaluated(release, { known: release.trust })

  const place = Effect.fnUntraced(function*(release: Release, options: HostingOptions, isStarting = false) {
    const current = yield* isStarting ? evaluated(release, { isStarting }) : judged(release)
    const limits = yield* Effect.fromResult(componentLimits.effective(current, options.limits))
    const tier = yield* Effect.fromResult(componentLimits.tier(current, limits, options.tier, engine))
    return { release: current, limits, tier, metered: engine.keeps(tier)?.fuel === true }
  })

  return { install, place, judged }
})

/**
 * How many of one kind wait for the audit log at once. It writes them together,
 * and has room for as many of all kinds where uses have taken the rest.
 */
export const auditedAtOnce = 16

interface Files {
  readonly text: ManifestText
  readonly manifest: Manifest.Manifest
  readonly component: LoadedComponent
  readonly signed: SignedRelease | undefined
  readonly signature: string | undefined
}

interface Folder {
  readonly inTurn: Places.Places
  installed: Installed | undefined
}

interface Installed {
  readonly text: string
  readonly signature: string | undefined
  readonly release: Release
}

const isSameVerdict = (a: Verdict, b: Verdict): boolean =>
  a.level === b.level && a.because === b.because && a.publisher === b.publisher &&
  a.signers?.join() === b.signers?.join()
