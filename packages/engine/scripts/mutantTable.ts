/**
 * The safety checks of the engine: how each is taken out, and the test that then fails.
 */

import type { Mutant } from "../../../scripts/lib/mutants.ts"

const admission: ReadonlyArray<Mutant> = [
  {
    name: "original modules are not validated",
    file: "internal/link/plan.ts",
    find: "if (!await compilers.validate(bytes.subarray(offset, offset + size))) throw placed(notValid(), offset)",
    replace: "",
    test: "hostileGuests.test.ts",
    title: "are not reached through the first table"
  },
  {
    name: "relaxed SIMD is taken by every engine",
    file: "internal/link/plan.ts",
    find: "admitModule(bytes, offset, size, defaultLimits, !relaxedSimd)",
    replace: "admitModule(bytes, offset, size, defaultLimits, false)",
    test: "Engine.test.ts",
    title: "is refused, since receipts would depend on the machine"
  },
  {
    name: "locals of a function without a limit",
    file: "internal/core/admitBody.ts",
    find: `this.#atMost("locals and parameters", locals, this.#limits.locals)`,
    replace: "",
    test: "core/Admission.test.ts",
    title: ""
  },
  {
    name: "locals times branches without a limit",
    file: "internal/core/admitBody.ts",
    find: `this.#atMost("locals times branches in a function", weight, localBranches)`,
    replace: "",
    test: "core/Admission.test.ts",
    title: ""
  },
  {
    name: "parameters of tags without a limit",
    file: "internal/core/admitModule.ts",
    find: `atMost("parameters of a tag", type.params.length, limits.tagParameters, offset, "tag section")`,
    replace: "type.params.length",
    test: "core/Admission.test.ts",
    title: ""
  },
  {
    name: "the bytes are the caller's, not a copy",
    file: "Engine.ts",
    find: "const copy = new Uint8Array(bytes)",
    replace: "const copy = bytes as Uint8Array<ArrayBuffer>",
    test: "Engine.test.ts",
    title: "is copied when it is loaded"
  },
  {
    name: "core instances without a limit",
    file: "internal/link/expansion.ts",
    find: "if (id >= this.#limits.coreInstances) {",
    replace: "if (false) {",
    test: "limits.test.ts",
    title: "is at most 64 core instances"
  },
  {
    name: "component instances without a limit",
    file: "internal/link/expansion.ts",
    find: "if (id >= this.#limits.componentInstances) {",
    replace: "if (false) {",
    test: "limits.test.ts",
    title: "is at most 64 core instances"
  },
  {
    name: "memory at the start without a limit",
    file: "Engine.ts",
    find: "if (bytes > memory) {",
    replace: "if (false) {",
    test: "limits.test.ts",
    title: "before the first exists"
  },
  {
    name: "memory of the first module counts alone",
    file: "internal/link/facts.ts",
    find: "bytes: sum(pages) * 65_536",
    replace: "bytes: (pages[0] ?? 0) * 65_536",
    test: "limits.test.ts",
    title: "before the first exists"
  },
  {
    name: "tables at the start without a limit",
    file: "Engine.ts",
    find: "if (elements > tableElements) {",
    replace: "if (false) {",
    test: "limits.test.ts",
    title: "are limited as a sum, at the start"
  },
  {
    name: "number of memories without a limit",
    file: "Engine.ts",
    find: "if (memories > most) {",
    replace: "if (false) {",
    test: "limits.test.ts",
    title: "is limited in the number of memories"
  },
  {
    name: "instances without a limit",
    file: "Engine.ts",
    find: "if (this.#stores.length - this.#free.length >= instances) {",
    replace: "if (false) {",
    test: "limits.test.ts",
    title: "are limited in number, and make room"
  },
  {
    name: "an instance that fails to start keeps its place",
    file: "Engine.ts",
    find: "      this.#release(store)\n      throw error",
    replace: "      throw error",
    test: "linking.test.ts",
    title: "that fail leave room"
  },
  {
    name: "an instance that is given up twice gives up its neighbour",
    file: "Engine.ts",
    find: "if (this.#stores[store.id] !== store) return",
    replace: "",
    test: "limits.test.ts",
    title: "are not touched when others are given up twice"
  },
  {
    name: "functions of the host give fuel",
    file: "Engine.ts",
    find: "bound(`fuel of ${name}`, found.fuel, 0)",
    replace: "(found.fuel ?? 0)",
    test: "limits.test.ts",
    title: "as the fuel of a function of the host"
  },
  {
    name: "core instances have numbers of a neighbour's",
    file: "Engine.ts",
    find: "coreInstances: Math.min(coreInstances, maxCores)",
    replace: "coreInstances",
    test: "limits.test.ts",
    title: "is at most 1,024 core instances"
  },
  {
    name: "calls that run at the same time without a limit",
    file: "Instance.ts",
    find: "if (scheduler.calls >= scheduler.mostCalls) {",
    replace: "if (false) {",
    test: "limits.test.ts",
    title: "that run at the same time are limited"
  },
  {
    name: "limits that are no numbers are none",
    file: "Engine.ts",
    find: "if (!(given >= 0)) throw",
    replace: "if (given < 0) throw",
    test: "limits.test.ts",
    title: "are no way around them"
  },
  {
    name: "an entry of the cache of another key is taken",
    file: "internal/link/artifact.ts",
    find: `if (fields.key !== key) refuse("it is of another key")`,
    replace: "",
    test: "EngineCache.test.ts",
    title: ""
  }
]

const linking: ReadonlyArray<Mutant> = [
  {
    name: "missing imports are found when they are called",
    file: "internal/link/linker.ts",
    find: "if (missing.length === 0) return bound",
    replace: "if (missing.length >= 0) return bound",
    test: "linking.test.ts",
    title: "are all listed with their types"
  },
  {
    name: "a pre-release stands for its release",
    file: "internal/versions.ts",
    find: `if (rest?.startsWith("-") === true) return id`,
    replace: "",
    test: "linking.test.ts",
    title: "that are not do not"
  },
  {
    name: "minor versions before 1.0.0 stand for each other",
    file: "internal/versions.ts",
    find: "return minor === \"0\" ? `${name}@0.0.${patch}` : `${name}@0.${minor}`",
    replace: "return `${name}@0`",
    test: "linking.test.ts",
    title: "that are not do not"
  },
  {
    name: "imports of core modules are looked up on Object.prototype",
    file: "internal/link/linker.ts",
    find: "const given = Object.create(null) as",
    replace: "const given = {} as",
    test: "linking.test.ts",
    title: "are core names too"
  },
  {
    name: "what objects inherit stands for fields",
    file: "internal/link/lowering.ts",
    find: "return Object.hasOwn(Object.prototype, name) ?",
    replace: "return false ?",
    test: "linking.test.ts",
    title: "may be left out as options and flags"
  },
  {
    name: "parents and children may call each other",
    file: "internal/link/program.ts",
    find: "if (isKin(expansion, caller, callee))",
    replace: "if (false)",
    test: "linking.test.ts",
    title: "do not call each other, in either direction"
  },
  {
    name: "the host may enter an instance that runs",
    file: "Instance.ts",
    find: `if (store.state !== "idle") this.#calls.refuse()`,
    replace: "",
    test: "linking.test.ts",
    title: "from the host is refused"
  }
]

const values: ReadonlyArray<Mutant> = [
  {
    name: "integers of the host are cut off",
    file: "internal/link/lowering.ts",
    find: "[\"u8\", `typeof v !== \"number\" || (v & 255) !== v`]",
    replace: "[\"u8\", `typeof v !== \"number\"`]",
    test: "Engine.test.ts",
    title: "are integers in their range"
  },
  {
    name: "UTF-8 that is ill-formed is replaced",
    file: "internal/link/library.ts",
    find: `new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })`,
    replace: `new TextDecoder("utf-8", { ignoreBOM: true })`,
    test: "strings.test.ts",
    title: "are strict UTF-8"
  },
  {
    name: "UTF-16 that is ill-formed is replaced",
    file: "internal/link/library.ts",
    find: `new TextDecoder("utf-16le", { fatal: true, ignoreBOM: true })`,
    replace: `new TextDecoder("utf-16le", { ignoreBOM: true })`,
    test: "strings.test.ts",
    title: "are strict UTF-16"
  },
  {
    name: "surrogates of the host get into guests",
    file: "internal/link/library.ts",
    find: "if (!text.isWellFormed()) throw MISS",
    replace: "",
    test: "strings.test.ts",
    title: "where a surrogate stands alone"
  },
  {
    name: "surrogates are characters",
    file: "internal/link/library.ts",
    find: "code < 0xd800 || (code > 0xdfff && code < 0x11_0000)",
    replace: "code < 0x11_0000",
    test: "Engine.test.ts",
    title: "are characters"
  },
  {
    name: "cases that an enum does not have are undefined",
    file: "internal/link/lifting.ts",
    find: "`(${labelsOf(cx, labels)}[${index}] ?? T(S, \"discriminant\"))`",
    replace: "`${labelsOf(cx, labels)}[${index}]`",
    test: "Engine.test.ts",
    title: "are cases of enums and variants"
  },
  {
    name: "strings may end past the memory",
    file: "internal/link/lifting.ts",
    find: "[`if (p + n > ${u8}.length) T(S, \"memory\");`, `spend(S, 40 + 2 * n);`, `return utf8(",
    replace: "[`spend(S, 40 + 2 * n);`, `return utf8(",
    test: "strings.test.ts",
    title: "are addresses within the memory in utf8"
  },
  {
    name: "lists may end past the memory",
    file: "internal/link/lifting.ts",
    find: "`if (p + n * ${element.size} > ${u8}.length) T(S, \"memory\");`,",
    replace: "",
    test: "limits.test.ts",
    title: "is never more than a list can have"
  },
  {
    name: "results may lie past the memory",
    file: "internal/link/program.ts",
    find: "`if (${p} + ${type.size} > ${cx.view(\"u8\")}.length) T(S, \"memory\");`,",
    replace: "",
    test: "Engine.test.ts",
    title: "stop the guest whose result lies at a wrong address"
  },
  {
    name: "results may be misaligned",
    file: "internal/link/program.ts",
    find: "`if (${p} % ${type.align} !== 0) T(S, \"misaligned\");`,",
    replace: "",
    test: "Engine.test.ts",
    title: "stop the guest whose result lies at a wrong address"
  },
  {
    name: "realloc may give an address past the memory",
    file: "internal/link/context.ts",
    find: "` if (${into} + (${size}) > ${this.view(\"u8\")}.length) T(S, \"memory\");`",
    replace: "\"\"",
    test: "strings.test.ts",
    title: "stops the guest that gives an address past the memory"
  },
  {
    name: "realloc may give a misaligned address",
    file: "internal/link/context.ts",
    find: "(align > 1 ? ` if",
    replace: "(align > 99 ? ` if",
    test: "strings.test.ts",
    title: "stops the guest that gives a misaligned address"
  },
  {
    name: "what is taken out of a guest has no budget",
    file: "internal/link/library.ts",
    find: "if (S.liftLeft < 0)",
    replace: "if (false)",
    test: "limits.test.ts",
    title: "is a list of empty strings only up to the budget"
  },
  {
    name: "lists are charged as the guest has them, not as the host gets them",
    file: "internal/link/lifting.ts",
    find: "element.kind === \"u8\" ? 1 : element.host + 8",
    replace: "element.size",
    test: "limits.test.ts",
    title: "is a list of lists, of flags"
  },
  {
    name: "guests may leave realloc",
    file: "internal/link/program.ts",
    find: ".join(\", \")}) => {`, `if (S.aside) T(S, \"leaves\");`)",
    replace: ".join(\", \")}) => {`)",
    test: "strings.test.ts",
    title: "cannot leave the component"
  },
  {
    name: "guests may leave post-return",
    file: "internal/link/program.ts",
    find: "`S.aside = true; f${program.names.func(lift.options.postReturn)}",
    replace: "`f${program.names.func(lift.options.postReturn)}",
    test: "Engine.test.ts",
    title: "run post-return once"
  },
  {
    name: "resources may be made in post-return",
    file: "internal/link/program.ts",
    find: "(rep) => { if (S.aside) T(S, \"leaves\"); S.charge",
    replace: "(rep) => { S.charge",
    test: "resources.test.ts",
    title: "are neither made nor dropped in realloc"
  }
]

const resources: ReadonlyArray<Mutant> = [
  {
    name: "handles without a limit",
    file: "internal/link/handles.ts",
    find: "if (this.#entries.length > this.#limit)",
    replace: "if (false)",
    test: "resources.test.ts",
    title: "are limited in number"
  },
  {
    name: "a handle is one of every resource",
    file: "internal/link/handles.ts",
    find: "entry === undefined || entry.resource !== resource",
    replace: "entry === undefined",
    test: "resources.test.ts",
    title: "of one type are no handles of another"
  },
  {
    name: "handles that are lent are given away",
    file: "internal/link/handles.ts",
    find: "if (entry.lends !== 0)",
    replace: "if (false)",
    test: "resources.test.ts",
    title: "cannot be given away while they are lent"
  },
  {
    name: "borrowed handles are given away",
    file: "internal/link/handles.ts",
    find: "return entry.own ? entry.rep : S.stop",
    replace: "return true ? entry.rep : S.stop",
    test: "resources.test.ts",
    title: "cannot be given away where they were only lent"
  },
  {
    name: "borrowed handles outlive the call",
    file: "internal/link/handles.ts",
    find: "if (table.borrows !== before)",
    replace: "if (false)",
    test: "resources.test.ts",
    title: "are dropped by the guest before a call that lends them ends"
  },
  {
    name: "resources of other instances are taken",
    file: "internal/link/handles.ts",
    find: "#store in value && value.#store === store &&",
    replace: "#store in value &&",
    test: "resources.test.ts",
    title: "belong to their instance alone"
  },
  {
    name: "resources that were given away are lent",
    file: "internal/link/handles.ts",
    find: "value.#state !== \"gone\"",
    replace: "true",
    test: "resources.test.ts",
    title: "are lent for one call, and given away once"
  },
  {
    name: "resources are given away while the host lends them",
    file: "internal/link/handles.ts",
    find: "resource.#state !== \"own\" || resource.#lends !== 0",
    replace: "resource.#state !== \"own\"",
    test: "resources.test.ts",
    title: "cannot be lent and given away in one call"
  },
  {
    name: "a guest that has no more memory stops for no reason",
    file: "internal/link/store.ts",
    find: "      this.isFull = true\n",
    replace: "",
    test: "limits.test.ts",
    title: "is named where a guest stops for want of it"
  },
  {
    name: "whatever stops a guest that was refused memory is the memory",
    file: "internal/link/traps.ts",
    find: "category === \"Unreachable\" || category === \"MemoryOutOfBounds\"",
    replace: "category !== \"Other\"",
    test: "limits.test.ts",
    title: "is named where a guest stops for want of it"
  },
  {
    name: "what a guest was given is noted beyond the arguments of its call",
    file: "internal/link/program.ts",
    find: "if (hasHandles) lowering.add(\"S.isEntering = true;\")",
    replace: "lowering.add(\"S.isEntering = true;\")",
    test: "resources.test.ts",
    title: "are let go when the guest drops them, while its call goes on"
  },
  {
    name: "arguments that were refused have given resources away",
    file: "Instance.ts",
    find: "store.undo()",
    replace: "store.aside = false",
    test: "resources.test.ts",
    title: "stay the host's when another argument is not of its type"
  },
  {
    name: "an error of [resource-drop] is one that guests catch",
    file: "internal/link/program.ts",
    find: "S.drop(${builtin.resource}, rep); } catch (error) { return S.failed(error); }",
    replace: "S.drop(${builtin.resource}, rep); } catch (error) { throw error; }",
    test: "resources.test.ts",
    title: "stop the guest where dropping them fails"
  }
]

const stops: ReadonlyArray<Mutant> = [
  {
    name: "a stop is an error that guests catch",
    file: "internal/link/store.ts",
    find:
      "stop(category: TrapCategory, detail: string): never {\n    this.failure ??= new Trap(category, detail)\n    return this.bridge.trap()",
    replace: "stop(category: TrapCategory, detail: string): never {\n    throw new Trap(category, detail)",
    test: "hostileGuests.test.ts",
    title: "is stopped all the same: InvalidValue"
  },
  {
    name: "an error of the host is one that guests catch",
    file: "internal/link/store.ts",
    find: "    this.failure = this.hostFailure(error)\n    return this.bridge.trap()\n  }\n\n  hostFailure",
    replace: "    throw error\n  }\n\n  hostFailure",
    test: "hostileGuests.test.ts",
    title: "is stopped all the same: Denied"
  },
  {
    name: "a rejection is an error that guests catch",
    file: "internal/link/store.ts",
    find: "this.failure ??= this.hostFailure(error)\n            reject(this.trapError())",
    replace: "reject(error)",
    test: "hostileGuests.test.ts",
    title: "is stopped all the same: Revoked"
  },
  {
    name: "a late answer is an error that guests catch",
    file: "internal/link/store.ts",
    find: "    this.#reject = undefined\n    reject?.(this.trapError())",
    replace: "    this.#reject = undefined\n    reject?.(trap)",
    test: "hostileGuests.test.ts",
    title: "is stopped all the same: Cancelled by (call $host)"
  },
  {
    name: "an exception of one component is one that another catches",
    file: "internal/link/store.ts",
    find: "if (this.failure !== undefined || error instanceof WebAssembly.RuntimeError) throw error",
    replace: "throw error",
    test: "hostileGuests.test.ts",
    title: "do not cross from one component into another"
  },
  {
    name: "an exception of realloc is one that its caller catches",
    file: "internal/link/store.ts",
    find: "if (this.aside) return this.crossed(error)",
    replace: "if (this.aside) throw error",
    test: "strings.test.ts",
    title: "that throws an exception stops the guest"
  },
  {
    name: "an instance that trapped is called again",
    file: "internal/link/store.ts",
    find: `this.state = "poisoned"`,
    replace: `this.state = "idle"`,
    test: "hostileGuests.test.ts",
    title: "is stopped all the same: Unreachable"
  },
  {
    name: "asynchronous imports are called where nothing can wait",
    file: "internal/link/store.ts",
    find: "if (this.isSuspending && !this.aside && this.depth === 0) return",
    replace: "return",
    test: "hostileGuests.test.ts",
    title: "stops the component that another one called"
  },
  {
    name: "a guest goes on that the host gave up while it called it",
    file: "internal/link/program.ts",
    find: "`if (S.failure !== undefined) S.bridge.trap();`,",
    replace: "",
    test: "scheduling.test.ts",
    title: "ends a call that the host is in the middle of"
  },
  {
    name: "a promise that nobody waits for ends the process",
    file: "internal/link/store.ts",
    find: "if (value instanceof Promise) value.catch(() => undefined)",
    replace: "",
    test: "scheduling.test.ts",
    title: "does not end the process"
  },
  {
    name: "deadlines reach a call that computes by timers alone",
    file: "internal/link/store.ts",
    find: "this.failure ??= this.bounds?.late()",
    replace: "",
    test: "scheduling.test.ts",
    title: "reach a call that computes at its next turn"
  },
  {
    name: "deadlines and signals do not reach a call that waits",
    file: "internal/link/store.ts",
    find: "this.bounds?.watch((trap) => this.end(trap))",
    replace: "",
    test: "scheduling.test.ts",
    title: "reach a call that waits for the host"
  },
  {
    name: "the stack of each core instance is all of it",
    file: "internal/link/facts.ts",
    find: "share: 0.5 / cores.length + (size === 0 ? 0 : 0.5 * compiled.metered.codeSize / size)",
    replace: "share: 1",
    test: "hostileGuests.test.ts",
    title: "hold over all core instances"
  },
  {
    name: "destructors recurse as deep as the host's stack is",
    file: "internal/link/store.ts",
    find: "if (++this.depth > maxDepth) this.stop(",
    replace: "if (++this.depth < 0) this.stop(",
    test: "hostileGuests.test.ts",
    title: "end a recursion of destructors"
  }
]

const stacks: ReadonlyArray<Mutant> = [
  {
    name: "no stack is kept for functions that take 64 bits",
    file: "internal/link/stacks.ts",
    find: "argument(i) ?? 0n",
    replace: "argument(i)",
    test: "stacks.test.ts",
    title: "give and take what others do, of each type"
  },
  {
    name: "guests that compute for long are entered in microtasks",
    file: "Instance.ts",
    find: "this.#wasLong = fuel > shortFuel",
    replace: "",
    test: "stacks.test.ts",
    title: "are not used by a function whose last call took long"
  },
  {
    name: "a kept stack remembers what it called",
    file: "internal/link/stacks.ts",
    find: "const firsts = [\"first0\", \"first1\", \"first2\", \"first3\", \"first4\"]",
    replace: "const firsts: ReadonlyArray<string> = []",
    test: "stacks.test.ts",
    title: "hold no guest that is gone"
  },
  {
    name: "a kept stack enters a guest that was given up",
    file: "internal/link/stacks.ts",
    find: "if (store.failure !== undefined) store.bridge.trap()",
    replace: "",
    test: "stacks.test.ts",
    title: "do not enter a guest that is given up before its turn"
  },
  {
    name: "a kept stack is entered for what is no function of a module",
    file: "internal/link/stacks.ts",
    find: "return this.#fits(func) === 1",
    replace: "return true",
    test: "stacks.test.ts",
    title: "leave out a function of the host"
  },
  {
    name: "stacks outlive their engine",
    file: "Engine.ts",
    find: "(stacks) => stacks.end()",
    replace: "() => undefined",
    test: "stacks.test.ts",
    title: "hold no guest that is gone"
  },
  {
    name: "stacks that nobody uses are kept without a limit",
    file: "internal/link/stacks.ts",
    find: "if (this.parked > mostParked) this.#end()",
    replace: "",
    test: "stacks.test.ts",
    title: "are not more than 64"
  },
  {
    name: "any number of guests are entered in one macrotask",
    file: "internal/link/stacks.ts",
    find: "if (this.#stacks.woken >= mostWoken) return undefined",
    replace: "",
    test: "stacks.test.ts",
    title: "take 32 guests in one macrotask"
  },
  {
    name: "nobody is told how a guest on a kept stack ended",
    file: "internal/link/stacks.ts",
    find: "    this.#reject?.(error)",
    replace: "",
    test: "stacks.test.ts",
    title: "end with a guest that traps"
  },
  {
    name: "a kept stack is taken before the host has had place for its call",
    file: "internal/link/stacks.ts",
    find: "    const { promise, reject, resolve } = Promise.withResolvers<unknown>()\n    this.#kind.takeLast()",
    replace: "    this.#kind.takeLast()\n    const { promise, reject, resolve } = Promise.withResolvers<unknown>()",
    test: "stacks.test.ts",
    title: "are not lost where the host has used up its own"
  },
  {
    name: "a stack that cannot be made ends a call",
    file: "internal/link/stacks.ts",
    find: "this.#stacks.wants(this)",
    replace: "this.begin()",
    test: "stacks.test.ts",
    title: "are done without where none can be made"
  },
  {
    name: "a kept stack stays in the asynchronous context of a caller",
    file: "internal/link/stacks.ts",
    find: "    this.#want()",
    replace:
      "    Promise.resolve().then(() => this.#wanting.splice(0).forEach((one) => one.begin())).catch(() => undefined)",
    test: "stacks.test.ts",
    title: "never in that of another caller"
  }
]

const fuel: ReadonlyArray<Mutant> = [
  {
    name: "the meter inserts nothing",
    file: "internal/core/meter.ts",
    find: "if ((leaves[index] ?? 0) === 0)",
    replace: "if (false)",
    test: "scheduling.test.ts",
    title: "is the same on every run"
  },
  {
    name: "bulk operations on memory are not charged",
    file: "internal/core/additions.ts",
    find: "this.#spend(code(get(2), constant(memoryShift), 0x76)),",
    replace: "",
    test: "hostileGuests.test.ts",
    title: "is stopped all the same: OutOfFuel by (memory.fill"
  },
  {
    name: "a refill is unlimited",
    file: "internal/link/store.ts",
    find: "const grant = Math.min(free, Math.max(need, wanted))",
    replace: "const grant = Math.max(need, wanted)",
    test: "scheduling.test.ts",
    title: "is enough or not, to the unit"
  },
  {
    name: "a synchronous call has all the fuel it asks for",
    file: "Instance.ts",
    find: "fuel < maxSyncFuel ? fuel | 0 : maxSyncFuel",
    replace: "fuel",
    test: "scheduling.test.ts",
    title: "of a call that cannot be suspended"
  },
  {
    name: "imports cost nothing",
    file: "internal/link/store.ts",
    find: "this.charged += cost",
    replace: "this.charged += 0",
    test: "scheduling.test.ts",
    title: "is charged by imports"
  },
  {
    name: "what is copied costs nothing",
    file: "internal/link/store.ts",
    find: "const cost = fuel + (this.moved >>> 1)",
    replace: "const cost = fuel",
    test: "scheduling.test.ts",
    title: "is charged by imports"
  },
  {
    name: "calls between components cost nothing",
    file: "internal/link/store.ts",
    find: "this.charge(crossFuel)",
    replace: "",
    test: "scheduling.test.ts",
    title: "bounds a loop of large imports"
  },
  {
    name: "realloc and post-return without an allowance",
    file: "internal/link/store.ts",
    find: "if (this.#allowance >= 0) return true",
    replace: "if (this.fuel >= 0) return true",
    test: "scheduling.test.ts",
    title: "bounds realloc"
  },
  {
    name: "calls between components without an allowance",
    file: "internal/link/store.ts",
    find: "if (this.#allowance >= 0) return true",
    replace: "if (this.fuel >= 0) return true",
    test: "scheduling.test.ts",
    title: "bounds a component that another one calls"
  },
  {
    name: "memories grow past the limit",
    file: "internal/link/store.ts",
    find: "65_536 <= this.limits.memory) return 1",
    replace: "65_536 <= Infinity) return 1",
    test: "limits.test.ts",
    title: "grows to the limit of the sum"
  },
  {
    name: "pages by which a memory grows wrap around",
    file: "internal/link/store.ts",
    find: "(amount >>> 0) * 65_536",
    replace: "(amount << 16)",
    test: "limits.test.ts",
    title: "grows to the limit of the sum"
  },
  {
    name: "tables grow past the limit",
    file: "internal/link/store.ts",
    find: "return elements <= this.limits.tableElements ? 1 : 0",
    replace: "return 1",
    test: "limits.test.ts",
    title: "are limited as a sum, at the start and as they grow"
  }
]

const turns: ReadonlyArray<Mutant> = [
  {
    name: "a guest that computes never yields",
    file: "internal/link/store.ts",
    find: "else if (this.#sinceYield >= turn) return 0",
    replace: "else if (false) return 0",
    test: "scheduling.test.ts",
    title: "make progress alike"
  },
  {
    name: "a guest whose imports answer at once never yields",
    file: "internal/link/scheduler.ts",
    find: "if (++this.#immediate > resumptions || now - this.#since > millis) return this.#later(isOver, go)",
    replace: "",
    test: "scheduling.test.ts",
    title: "gives others their turn where the host answers at once"
  },
  {
    name: "calls that follow each other never wait for a turn",
    file: "internal/link/scheduler.ts",
    find: "return now - this.#beginning > millis",
    replace: "return false",
    test: "scheduling.test.ts",
    title: "where calls that end at once follow each other"
  },
  {
    name: "calls begin after all guests that compute",
    file: "internal/link/scheduler.ts",
    find: "(this.#guests.isEmpty || !this.#wasStart)",
    replace: "this.#guests.isEmpty",
    test: "scheduling.test.ts",
    title: "begins in its turn among those that wait"
  },
  {
    name: "the queue of an instance has no end",
    file: "Instance.ts",
    find: "if (store.isBusy && this.#waiting.length >= queue) {",
    replace: "if (false) {",
    test: "scheduling.test.ts",
    title: "wait in a queue that has an end"
  },
  {
    name: "a queued call is forgotten after a synchronous one",
    file: "Instance.ts",
    find: "if (this.#calls.areWaiting) this.#calls.next()",
    replace: "",
    test: "scheduling.test.ts",
    title: "made by the host during another one run after it"
  },
  {
    name: "a call that was cancelled keeps its place in the queue",
    file: "Instance.ts",
    find: "this.#waiting.splice(this.#waiting.indexOf(waiting), 1)",
    replace: "",
    test: "scheduling.test.ts",
    title: "that were cancelled leave room in the queue"
  }
]

export const mutants: ReadonlyArray<Mutant> = [
  ...admission,
  ...linking,
  ...values,
  ...resources,
  ...stops,
  ...stacks,
  ...fuel,
  ...turns
]
