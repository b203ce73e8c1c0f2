import type { Mutant } from "../../../../scripts/lib/mutants.ts"

const gauge = "security/internal/gauge.ts"
const ledger = "security/internal/ledger.ts"
const quotas = "security/Quotas.ts"
const tests = "security/Quotas.test.ts"

export const mutants: ReadonlyArray<Mutant> = [
  {
    name: "a level is never full",
    file: gauge,
    find: "if (!(amount <= this.available())) return false",
    replace: "",
    test: tests,
    title: "let in what fits"
  },
  {
    name: "a rate is never used up",
    file: gauge,
    find: "if (!(amount <= this.#tokens)) return false",
    replace: "",
    test: tests,
    title: "come back with time"
  },
  {
    name: "a limit that is lowered below what is held turns negative",
    file: gauge,
    find: "return Math.max(0, this.limit - this.taken)",
    replace: "return this.limit - this.taken",
    test: tests,
    title: "begin with what was counted"
  },
  {
    name: "a bucket overflows with time",
    file: gauge,
    find: "if (gained >= this.limit - this.#tokens) {",
    replace: "if (gained < 0) {",
    test: tests,
    title: "come back with time"
  },
  {
    name: "time that paid for a part of a token pays again",
    file: gauge,
    find: "this.#at += this.#timeOf(gained)",
    replace: "this.#at = this.#at + 0 * this.#timeOf(gained)",
    test: tests,
    title: "come back once for a time"
  },
  {
    name: "a full bucket keeps the time for which it was full",
    file: gauge,
    find: "if (this.#tokens === this.limit) {",
    replace: "if (false as boolean) {",
    test: tests,
    title: "come back no sooner for having been full"
  },
  {
    name: "time that was paid out already is not paid back",
    file: gauge,
    find: "if (this.#at > now) {",
    replace: "if (false as boolean) {",
    test: tests,
    title: "add up to no larger burst"
  },
  {
    name: "what time has brought back is given back again",
    file: gauge,
    find: "this.#at += Math.min(now - since, this.#timeOf(amount))",
    replace: "",
    test: tests,
    title: "add up to no larger burst"
  },
  {
    name: "a new limit forgets what was used",
    file: gauge,
    find: "if (previous !== undefined) made.#tokens",
    replace: "if (previous === undefined) made.#tokens",
    test: tests,
    title: "keeps what was taken"
  },
  {
    name: "a new limit forgets what is held",
    file: gauge,
    find: "previous instanceof LevelGauge ? previous.taken : 0",
    replace: "0",
    test: tests,
    title: "keeps what was taken"
  },
  {
    name: "any amount is one",
    file: ledger,
    find: "Number.isSafeInteger(amount) && amount >= 0",
    replace: "amount <= Number.MAX_SAFE_INTEGER",
    test: tests,
    title: "refuse amounts that are none"
  },
  {
    name: "any name is one",
    file: ledger,
    find: "id.length > 0 && id.length <= 256",
    replace: "id.length >= 0",
    test: tests,
    title: "refuse names that are none"
  },
  {
    name: "who could pay pays where another could not",
    file: ledger,
    find: "for (const { gauges } of paid) gauges[quota].giveBack(amount, now, now)",
    replace: "",
    test: tests,
    title: "are taken from both or from neither"
  },
  {
    name: "components and tenants share accounts",
    file: ledger,
    find: "return this.#accounts[kind]",
    replace: "return this.#accounts[kind === \"Tenant\" ? \"Component\" : kind]",
    test: tests,
    title: "do not touch those of another"
  },
  {
    name: "who holds something is forgotten",
    file: ledger,
    find: "account.tabs === 0 && isIdle()",
    replace: "account.tabs === 0",
    test: tests,
    title: "forget nobody"
  },
  {
    name: "who has limits of its own is forgotten",
    file: ledger,
    find: "!account.isSet && account.tabs",
    replace: "account.tabs",
    test: tests,
    title: "forget nobody"
  },
  {
    name: "all are searched at each new one",
    file: ledger,
    find: "this.#forgetAt = Math.max(mostSubjects, 2 * this.#size)",
    replace: "this.#forgetAt = mostSubjects",
    test: tests,
    title: "are quick for many"
  },
  {
    name: "a reservation ends twice",
    file: quotas,
    find: "if (!isOpen) return\n",
    replace: "",
    test: tests,
    title: "count a reservation once"
  },
  {
    name: "more is used than was reserved",
    file: quotas,
    find: "if (!(used >= 0 && used <= amount)) {",
    replace: "if (used < 0) {",
    test: tests,
    title: "count a reservation once"
  },
  {
    name: "a reservation outlives its scope",
    file: quotas,
    find: "(reserved) => Effect.sync(reserved.release)",
    replace: "() => Effect.void",
    test: tests,
    title: "give a reservation back"
  },
  {
    name: "a limit is raised before that is recorded",
    file: quotas,
    find: "ledger.narrow(who, most)\n        return changing",
    replace: "ledger.setLimits(who, most)\n        return changing",
    test: tests,
    title: "lowers also where it cannot be recorded"
  },
  {
    name: "a limit is lowered after another change",
    file: quotas,
    find: "ledger.narrow(who, most)\n        return changing",
    replace: "return changing",
    test: tests,
    title: "lowers at once also while"
  },
  {
    name: "limits that are none are set",
    file: quotas,
    find: "Quota.Limits.make(limits)]",
    replace: "limits]",
    test: tests,
    title: "takes no limits that are none"
  },
  {
    name: "limits that are none are the defaults",
    file: quotas,
    find: "Quota.Limits.make(options?.component ?? Quota.defaults)",
    replace: "options?.component ?? Quota.defaults",
    test: tests,
    title: "takes no limits that are none"
  },
  {
    name: "alerts are said again and again",
    file: ledger,
    find: "if (last !== undefined && severity <= last.severity && now - last.at < alertPause) return",
    replace: "",
    test: tests,
    title: "warn at 80 %"
  }
]
