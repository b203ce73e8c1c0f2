import * as Result from "effect/Result"
import * as SemVer from "effect/SemVer"
import { end } from "../ExpiryDate.ts"
import type { PublicKey } from "../PublicKey.ts"
import type { ReleaseStatement } from "../ReleaseStatement.ts"
import { covers, type TrustSource } from "../TrustSource.ts"
import * as trustPath from "./trustPath.ts"
import { type Given, markKey, publisherOf, revocationOf, type State } from "./trustState.ts"

/** A clock of a publisher may be ahead of the host's by so many milliseconds. */
const skew = 5 * 60 * 1000

/** What is known of the signatures of a release. `Broken` ones speak against it. */
export type Signatures =
  | { readonly _tag: "None" }
  | { readonly _tag: "Broken"; readonly because: string }
  | {
    readonly _tag: "Opened"
    /** Digest of the statement. */
    readonly release: string
    readonly statement: ReleaseStatement
    readonly signers: ReadonlyArray<PublicKey>
  }

export interface Subject {
  readonly digest: string
  readonly path: string | undefined
  readonly git: Extract<TrustSource, { readonly _tag: "Git" }> | undefined
  readonly signatures: Signatures
}

/** The publisher whose signature decided, and what has to be remembered of the release. */
export interface Publication {
  readonly publisher: PublicKey
  readonly component: string
  readonly version: string
  readonly release: string
  readonly isSeen: boolean
  readonly isAhead: boolean
}

/** `Against` is never outvoted by a place, nor by DevMode. */
export type Judgement =
  | { readonly _tag: "For"; readonly because: string; readonly publication?: Publication }
  | { readonly _tag: "Against"; readonly because: string }
  | { readonly _tag: "Nothing"; readonly because: string }

/** Who answers for a release by a signature, whether or not anybody trusts them. */
export interface Author {
  readonly publisher?: PublicKey
  readonly signers?: ReadonlyArray<PublicKey>
}

const against = (because: string): Judgement => ({ _tag: "Against", because })
const nothing = (because: string): Judgement => ({ _tag: "Nothing", because })

const nobody = "nobody trusts this digest, path or publisher"

const holds = (given: Given | undefined, now: number): given is Given =>
  given !== undefined && (given.expires === undefined || now < end(given.expires))

/** Judges by the state of this moment, and changes nothing. */
export const judge = (state: State, subject: Subject, now: number): Judgement => {
  const revocation = state.revokedDigests.get(subject.digest)
  if (revocation !== undefined) return against(`this digest was revoked: ${revocation}`)
  const published = judgeSignatures(state, subject.signatures, now)
  const byDigest = state.given.get(subject.digest)
  if (holds(byDigest, now)) {
    const publication = published._tag === "For" ? published.publication : undefined
    const because = `this digest is trusted: ${byDigest.reason}`
    return publication === undefined ? { _tag: "For", because } : { _tag: "For", because, publication }
  }
  if (published._tag === "Against") return published
  const place = judgePath(state, subject, now) ?? judgeGit(state, subject.git, now)
  return place === undefined || published._tag === "For" ? published : { _tag: "For", because: place }
}

/** The key that a statement names is its publisher's while nothing speaks against key or statement. */
export const authorOf = (state: State, { signatures }: Subject, now: number): Author => {
  if (signatures._tag !== "Opened") return {}
  const { release, statement: { key, namespace } } = signatures
  const owners = new Set(signatures.signers.map((signer) => publisherOf(state, signer)))
  const kin = [...state.keys.values()].filter(({ publisher }) => owners.has(publisher)).map((_) => _.key)
  const signers = [...new Set([...signatures.signers, ...kin])]
  const isGood = judgeSignatures(state, signatures, now)._tag !== "Against" &&
    judgeSigner(state, key, namespace, release, now)._tag !== "Against"
  return isGood ? { publisher: key, signers } : { signers }
}

const judgePath = (state: State, { digest, path }: Subject, now: number): string | undefined => {
  if (path === undefined) return undefined
  for (const above of trustPath.ancestors(path)) {
    const given = [state.given.get(above), state.given.get(`${above}\0${digest}`)].find((_) => holds(_, now))
    if (given !== undefined) return `${above} is trusted: ${given.reason}`
  }
  return undefined
}

const judgeGit = (state: State, git: Subject["git"], now: number): string | undefined => {
  if (git === undefined) return undefined
  for (const [ref, commit] of [[git.ref, git.commit], ["", git.commit], [git.ref, ""]]) {
    const given = state.given.get([git.url, ref ?? "", commit ?? ""].join("\0"))
    if (holds(given, now)) return `${git.url} at ${commit || ref} is trusted: ${given.reason}`
  }
  return undefined
}

const judgeSignatures = (state: State, signatures: Signatures, now: number): Judgement => {
  if (signatures._tag === "None") return nothing(nobody)
  if (signatures._tag === "Broken") return against(signatures.because)
  const { release, signers, statement } = signatures
  if (now >= statement.notAfter) return against("its statement is not valid any more")
  if (now + skew < statement.issued) return against("its statement is from the future")
  const judged = signers.map((key) => judgeSigner(state, key, statement.namespace, release, now))
  const publisher = judged.find((_) => _._tag === "For")
  if (publisher === undefined) return judged.find((_) => _._tag === "Against") ?? judged[0] ?? nothing(nobody)
  return judgeVersion(state, publisher.publisher, publisher.because, statement, release)
}

type SignerJudgement =
  | { readonly _tag: "For"; readonly because: string; readonly publisher: PublicKey }
  | Extract<Judgement, { readonly _tag: "Against" | "Nothing" }>

/**
 * What a key signed before it was compromised or replaced stays good, but when
 * that was is what this host saw and not what the statement says.
 */
const judgeSigner = (
  state: State,
  key: PublicKey,
  namespace: string,
  release: string,
  now: number
): SignerJudgement => {
  const seen = state.seen.get(release) ?? Infinity
  const revoked = revocationOf(state, key)
  if (revoked !== undefined && seen >= revoked.compromised) {
    const what = revoked.key === key ? "was revoked" : `follows ${revoked.key}, which was revoked`
    return { _tag: "Against", because: `${key}, which signed it, ${what}: ${revoked.reason}` }
  }
  const owned = state.keys.get(key)
  if (owned === undefined) return { _tag: "Nothing", because: `nobody trusts ${key}, which signed it` }
  if (owned.retired !== undefined && seen >= owned.retired) {
    return { _tag: "Against", because: `${key}, which signed it, was replaced by another key before it came here` }
  }
  const given = state.given.get(owned.publisher)
  if (!holds(given, now) || given.source._tag !== "Publisher") {
    return { _tag: "Nothing", because: `${key}, which signed it, is not trusted any more` }
  }
  return given.source.namespaces.some((pattern) => covers(pattern, namespace))
    ? { _tag: "For", because: `${key}, which signed it, is trusted: ${given.reason}`, publisher: owned.publisher }
    : { _tag: "Nothing", because: `${key}, which signed it, is not trusted for the namespace ${namespace}` }
}

const judgeVersion = (
  state: State,
  publisher: PublicKey,
  because: string,
  statement: ReleaseStatement,
  release: string
): Judgement => {
  const component = `${statement.namespace}:${statement.name}`
  const mark = state.marks.get(markKey(publisher, component))
  const order = mark === undefined ? 1 : compare(statement.version, mark.version)
  if (order < 0) {
    return against(`version ${mark?.version} of ${component} was here: going back is for an operator to allow`)
  }
  if (order === 0 && mark?.digest !== undefined && mark.digest !== statement.artifact) {
    return against(`version ${mark.version} of ${component} was here with other bytes`)
  }
  const publication: Publication = {
    publisher,
    component,
    version: statement.version,
    release,
    isSeen: state.seen.has(release),
    isAhead: order > 0 || mark?.digest === undefined
  }
  return { _tag: "For", because, publication }
}

/** Precedence of semantic versions; a text that is none is below all. */
export const compare = (a: string, b: string): number => {
  const [left, right] = [SemVer.parse(a), SemVer.parse(b)]
  if (Result.isFailure(left) || Result.isFailure(right)) return Result.isFailure(left) ? -1 : 1
  return SemVer.Order(left.success, right.success)
}
