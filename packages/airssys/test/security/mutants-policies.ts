import type { Mutant } from "../../../../scripts/lib/mutants.ts"

const policy = "security/Policy.ts"
const acl = "security/Acl.ts"
const rbac = "security/Rbac.ts"
const names = "security/internal/principalPattern.ts"
const permission = "security/internal/permission.ts"
const regime = "security/internal/regime.ts"
const shape = "security/internal/patternShape.ts"
const inference = "security/Inference.ts"
const policies = "security/Policy.test.ts"
const over = "security/regime.test.ts"
const inferred = "security/Inference.test.ts"

export const mutants: ReadonlyArray<Mutant> = [
  {
    name: "a policy that says nothing is passed over",
    file: policy,
    find: "return isVerdict(verdict) ? verdict : deny",
    replace: "return verdict ? verdict : deny",
    test: policies,
    title: "denies where a policy throws"
  },
  {
    name: "a policy that fails abstains",
    file: policy,
    find: "return deny(name, \"\", \"the policy failed\")",
    replace: "return abstain",
    test: policies,
    title: "denies where a policy throws"
  },
  {
    name: "a policy that is written as an object is believed",
    file: policy,
    find: "policies.map(sealed)",
    replace: "[...policies]",
    test: policies,
    title: "denies where a policy throws"
  },
  {
    name: "a denial is lost beside a permission",
    file: policy,
    find: "if (next._tag === \"Deny\") return next",
    replace: "if (next._tag === \"Deny\" && verdict._tag === \"Abstain\") return next",
    test: policies,
    title: "denies where one of several denies"
  },
  {
    name: "what no rule permits is left to the grants",
    file: policy,
    find: "return verdict._tag === \"Abstain\" ? deny(policy.name, \"\", \"no rule permits it\") : verdict",
    replace: "return verdict",
    test: policies,
    title: "denies what no rule permits"
  },
  {
    name: "a missing attribute is a condition that does not hold",
    file: acl,
    find: "if (typeof held === \"string\") return",
    replace: "if (typeof held === \"string\" && entry.isDeny) return",
    test: policies,
    title: "denies where an attribute"
  },
  {
    name: "one condition of several is enough",
    file: acl,
    find: "when.every(({ attribute, is })",
    replace: "when.some(({ attribute, is })",
    test: policies,
    title: "asks for every condition"
  },
  {
    name: "an entry that allows wins",
    file: acl,
    find: "if (entry.isDeny) return",
    replace: "if (entry.isDeny && verdict._tag === \"Abstain\") return",
    test: policies,
    title: "lets an entry that denies win"
  },
  {
    name: "a condition holds for any value",
    file: acl,
    find: "if (!held) continue",
    replace: "",
    test: policies,
    title: "denies where an attribute"
  },
  {
    name: "a denial reaches no further than a grant",
    file: acl,
    find: "entry.effect === \"deny\" ? Pattern.meets : Pattern.matches",
    replace: "Pattern.matches",
    test: policies,
    title: "denies of"
  },
  {
    name: "an allowance reaches as far as a denial",
    file: acl,
    find: "entry.effect === \"deny\" ? Pattern.meets : Pattern.matches",
    replace: "Pattern.meets",
    test: policies,
    title: "denies of"
  },
  {
    name: "an unknown key of an entry is passed over",
    file: acl,
    find: "{ onExcessProperty: \"error\" }",
    replace: "{}",
    test: policies,
    title: "refuses"
  },
  {
    name: "** denies no address",
    file: shape,
    find: "pattern.tokens.length === 1 && pattern.tokens[0]?._tag === \"Any\"",
    replace: "false",
    test: policies,
    title: "denies of"
  },
  {
    name: "any pattern denies an address",
    file: shape,
    find: "pattern.tokens.length === 1 && pattern.tokens[0]?._tag === \"Any\"",
    replace: "true",
    test: policies,
    title: "denies of"
  },
  {
    name: "a denial compares no ports",
    file: shape,
    find: "pattern.head !== subject.head || !meetsPorts(pattern.ports, subject.ports)",
    replace: "pattern.head !== subject.head",
    test: policies,
    title: "denies of"
  },
  {
    name: "a denial compares no schemes",
    file: shape,
    find: "pattern.head !== subject.head || !meetsPorts",
    replace: "!meetsPorts",
    test: policies,
    title: "denies of"
  },
  {
    name: "** of a subscription stands for nothing",
    file: shape,
    find: "segment._tag === \"Any\" ? all & -(reached & -reached) : 0",
    replace: "segment._tag === \"Any\" ? reached : 0",
    test: policies,
    title: "denies of"
  },
  {
    name: "* of a subscription is taken for a name",
    file: shape,
    find: "if (other.after === undefined) return accepts({ ...one, isPlain: false }, other)",
    replace: "if (other.after === undefined) return false",
    test: policies,
    title: "denies of"
  },
  {
    name: "a denied topic is looked for at its beginning",
    file: shape,
    find:
      "    reached = next | (next & anys) << 1\n  }\n  return (reached & 1 << tokens.length) !== 0\n}\n\nconst meetsPorts",
    replace: "    reached = next | (next & anys) << 1\n  }\n  return reached !== 0\n}\n\nconst meetsPorts",
    test: policies,
    title: "denies of"
  },
  {
    name: "the kind of a principal is not compared",
    file: names,
    find: "if (pattern.kind !== undefined && pattern.kind !== kind) return false",
    replace: "",
    test: policies,
    title: "means a kind of principal"
  },
  {
    name: "* stands for an empty segment",
    file: names,
    find: "segment === \"*\" && subject[index] !== \"\"",
    replace: "segment === \"*\"",
    test: policies,
    title: "for acme:* means acme:: false"
  },
  {
    name: "* stands for several segments",
    file: names,
    find: "subject.length === fixed.length",
    replace: "subject.length >= fixed.length",
    test: policies,
    title: "means acme:rates:blue: false"
  },
  {
    name: "** stands in the middle",
    file: names,
    find: "segment === \"**\" && index === segments.length - 1",
    replace: "segment === \"**\"",
    test: policies,
    title: "refuses"
  },
  {
    name: "a permission covers every resource of its kind",
    file: permission,
    find: "patterns.some((pattern) => matches(pattern, resource))",
    replace: "patterns.length > 0",
    test: policies,
    title: "looks at every permission"
  },
  {
    name: "only the last permission of a kind counts",
    file: permission,
    find: "[...byKind.get(kind) ?? [], ...compiled.success]",
    replace: "[...compiled.success]",
    test: policies,
    title: "looks at every permission"
  },
  {
    name: "a role is there twice",
    file: rbac,
    find: "if (names.has(role.name)) return",
    replace: "if (names.size < 0) return",
    test: policies,
    title: "refuses roles that are unknown"
  },
  {
    name: "a circle is not seen",
    file: rbac,
    find: "if (open.has(parent)) {",
    replace: "if (open.size < 0) {",
    test: policies,
    title: "refuses roles that inherit in a circle"
  },
  {
    name: "a role inherits from what is none",
    file: rbac,
    find: "if (!roles.has(parent)) return",
    replace: "if (parent === \"\") return",
    test: policies,
    title: "refuses roles that are unknown"
  },
  {
    name: "an assignment gives what is no role",
    file: rbac,
    find: "if (unknown !== undefined) return",
    replace: "if (unknown === \"\") return",
    test: policies,
    title: "refuses roles that are unknown"
  },
  {
    name: "a role is given to everybody",
    file: rbac,
    find: "if (!isMeant(principal)) continue",
    replace: "",
    test: policies,
    title: "permits what any role"
  },
  {
    name: "what a policy takes from one is passed on",
    file: regime,
    find: "for (let state = parent; state !== undefined; state = state.parent) {",
    replace: "for (let state = parent; state !== parent; state = state?.parent) {",
    test: over,
    title: "holds for who passes a grant on"
  },
  {
    name: "what is in flight is not decided again",
    file: regime,
    find: "reconsider: Effect.sync(() => holds.reviewAll())",
    replace: "reconsider: Effect.void",
    test: over,
    title: "stops what is in flight when attributes change"
  },
  {
    name: "a policy waits behind another change",
    file: regime,
    find: "        if (policy !== undefined) waiting.add(policy)\n        stand()\n",
    replace: "        if (policy !== undefined && waiting.size > 9) waiting.add(policy)\n        stand()\n",
    test: over,
    title: "denies at once also while another change"
  },
  {
    name: "a policy denies when it is recorded",
    file: regime,
    find: "const stand = (): void => {\n    over.policies = [current, unrecorded, ...waiting]",
    replace: "const stand = (): void => {\n    over.policies = [current, unrecorded]",
    test: over,
    title: "denies at once also while another change"
  },
  {
    name: "the old policy is lifted before that is recorded",
    file: regime,
    find: "[current, unrecorded, ...waiting]",
    replace: "[unrecorded, ...waiting]",
    test: over,
    title: "denies at once also where it cannot"
  },
  {
    name: "a policy that could not be recorded is forgotten",
    file: regime,
    find: "unrecorded = isRecorded ? undefined : policy ?? unrecorded",
    replace: "unrecorded = undefined",
    test: over,
    title: "denies at once also while another change"
  },
  {
    name: "a policy leaves what goes on",
    file: regime,
    find: ".filter((_) => _ !== undefined)\n    holds.reviewAll()",
    replace: ".filter((_) => _ !== undefined)",
    test: over,
    title: "stops what is in flight"
  },
  {
    name: "what was revoked is observed",
    file: regime,
    find: "if (!observable.has(denied.explanation.reason)) return undefined",
    replace: "",
    test: over,
    title: "may do nothing else"
  },
  {
    name: "what no pattern names is observed",
    file: regime,
    find: "if (!isGrantable(kind, resource)) return undefined",
    replace: "",
    test: over,
    title: "may do nothing else"
  },
  {
    name: "what is observed need not be recorded before",
    file: regime,
    find: "...(deciding.isBeforeUse(account, kind, pattern, moment) ? { isBeforeUse: true } : undefined)",
    replace: "",
    test: over,
    title: "does nothing before it is recorded"
  },
  {
    name: "an observation never ends",
    file: regime,
    find: "!moment.isBefore(this.observed.get(account) ?? 0)",
    replace: "!this.observed.has(account)",
    test: over,
    title: "is held to its grants when"
  },
  {
    name: "an observation lasts as long as is asked",
    file: regime,
    find: "Math.min(longest, Math.max(0, Duration.toMillis(duration)))",
    replace: "Math.max(0, Duration.toMillis(duration))",
    test: over,
    title: "is held to its grants when"
  },
  {
    name: "attributes that cannot be read are none",
    file: regime,
    find: "    } catch {\n      return undefined",
    replace: "    } catch {\n      return { principal, attributes: new Map([[\"team\", \"\"]]), kind, resource }",
    test: over,
    title: "sees kind, resource, principal and attributes"
  },
  {
    name: "siblings that are no number leave all open",
    file: inference,
    find: "!(closed.length >= siblings)",
    replace: "closed.length < siblings",
    test: inferred,
    title: "leaves one segment open"
  },
  {
    name: "one sibling is enough",
    file: inference,
    find: "Math.max(2, options.siblings ?? 4)",
    replace: "options.siblings ?? 4",
    test: inferred,
    title: "leaves one segment open"
  },
  {
    name: "hosts of a whole domain are left open",
    file: inference,
    find: "labels.length < 4 ||",
    replace: "",
    test: inferred,
    title: "never leaves open more"
  },
  {
    name: "what no pattern admits is inferred",
    file: inference,
    find: "const grantable = seen.filter(isGrantable)",
    replace: "const grantable = seen.filter((use) => isGrantable(use) || use.resource.startsWith(\"..\"))",
    test: inferred,
    title: "keeps apart what no pattern"
  }
]
