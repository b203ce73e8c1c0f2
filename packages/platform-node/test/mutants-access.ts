import type { Mutant } from "../../../scripts/lib/mutants.ts"

const root = "internal/rootFolder.ts"
const reading = "internal/fileReading.ts"
const writing = "internal/fileWriting.ts"
const draft = "internal/fileDraft.ts"
const fault = "internal/fileFault.ts"
const access = "NodeFileAccess.ts"
const connecting = "internal/httpConnect.ts"
const exchange = "internal/httpExchange.ts"
const message = "internal/httpMessage.ts"
const http = "NodeHttpAccess.ts"

const filesTest = "NodeFileAccess.test.ts"
const foldersTest = "rootFolder.test.ts"
const overTest = "fileRevocation.test.ts"
const webTest = "NodeHttpAccess.test.ts"
const webOverTest = "httpRevocation.test.ts"

const special = "refuses links, second names, pipes, sockets and devices"
const notPublic = "that is not public needs a grant of its own"
const more = "that says more than a request may is not sent"
const own = "holds nothing that is the host's own"
const limits = "is bounded in its head, its body and its time"

const openingMutants: ReadonlyArray<Mutant> = [
  {
    name: "links are followed",
    file: root,
    find: "(constants.O_NOFOLLOW ?? 0) | ",
    replace: "",
    test: filesTest,
    title: special
  },
  {
    name: "an open waits for the other end of a pipe",
    file: root,
    find: " | (constants.O_NONBLOCK ?? 0)",
    replace: "",
    test: filesTest,
    title: special
  },
  {
    name: "a file with a second name is opened",
    file: root,
    find: "if (stats.nlink > 1n) throw",
    replace: "if (false as boolean) throw",
    test: filesTest,
    title: special
  },
  {
    name: "a pipe or a device is opened",
    file: root,
    find: "if (!stats.isFile()) throw new FileFault(\"Refused\", \"a pipe",
    replace: "if (false as boolean) throw new FileFault(\"Refused\", \"a pipe",
    test: filesTest,
    title: special
  },
  {
    name: "names lead elsewhere",
    file: root,
    find: "name === \".\" || name === \"..\" || ",
    replace: "",
    test: foldersTest,
    title: "has no names that lead elsewhere"
  },
  {
    name: "names have separators",
    file: root,
    find: "/[/\\0]/.test(name) || ",
    replace: "",
    test: foldersTest,
    title: "has no names that lead elsewhere"
  },
  {
    name: "what is mounted below is reached",
    file: root,
    find: "if (await mountOf(handle, this.isAnchored) !== this.#mount) {",
    replace: "if (false as boolean) {",
    test: foldersTest,
    title: "does not lead to what is mounted below it"
  },
  {
    name: "without /proc a path is not compared with what was opened",
    file: root,
    find: "if (!await isAt(handle, at) || await fs.realpath(at) !== at) {",
    replace: "if (false as boolean) {",
    test: foldersTest,
    title: "finds links and other files in its place"
  },
  {
    name: "two cases of a name are not compared",
    file: root,
    find: "return one !== undefined && one === two",
    replace: "return false",
    test: foldersTest,
    title: "is seen to take two cases of a name for one"
  },
  {
    name: "a root is looked up again by its path",
    file: root,
    find: "return this.isAnchored ? `${descriptors}/${handle.fd}` : at",
    replace: "return at",
    test: filesTest,
    title: "keeps to the folder that a root was"
  },
  {
    name: "a root holds what is the host's own",
    file: access,
    find: "holds(root.path, other) || holds(other, root.path)",
    replace: "holds(other, root.path)",
    test: filesTest,
    title: own
  },
  {
    name: "a root is in what is the host's own",
    file: access,
    find: "holds(root.path, other) || holds(other, root.path)",
    replace: "holds(root.path, other)",
    test: filesTest,
    title: own
  },
  {
    name: "reserved paths are compared by their text",
    file: access,
    find: "[...ofTheSystem, ...options.reserved ?? []].map(realPath)",
    replace: "[...ofTheSystem, ...options.reserved ?? []].map((given) => path.resolve(given))",
    test: filesTest,
    title: own
  },
  {
    name: "a root is in a folder that is given to nobody",
    file: access,
    find: ": !isSpeakable(root.path)",
    replace: ": (false as boolean)",
    test: filesTest,
    title: own
  },
  {
    name: "what the kernel shows as files is a root",
    file: access,
    find: "[\"/proc\", \"/sys\", \"/dev\"]",
    replace: "[]",
    test: filesTest,
    title: own
  }
]

const workingMutants: ReadonlyArray<Mutant> = [
  {
    name: "a whole file is read beyond the limit",
    file: reading,
    find: "if (size > BigInt(maxBytes)) throw tooLarge()",
    replace: "",
    test: filesTest,
    title: "reads no more than its limit"
  },
  {
    name: "names are listed that no resource can have",
    file: reading,
    find: "entries.filter(({ name }) => isSpeakable(name))",
    replace: "entries",
    test: filesTest,
    title: "lists what can be named"
  },
  {
    name: "a file is replaced by what is beyond the limit",
    file: draft,
    find: "if (this.#size > maxBytes) throw",
    replace: "if (false as boolean) throw",
    test: filesTest,
    title: "replaces a file whole, keeps its mode"
  },
  {
    name: "a limit is no number",
    file: writing,
    find: "yield* attempt(resource, async () => requireSizes(maxBytes))",
    replace: "",
    test: filesTest,
    title: "takes no limit that is no number of bytes"
  },
  {
    name: "a link or a second name is replaced",
    file: draft,
    find: "if (!stats.isFile() || stats.nlink > 1) throw",
    replace: "if (false as boolean) throw",
    test: filesTest,
    title: special
  },
  {
    name: "a folder is moved",
    file: draft,
    find: "if (stats.isDirectory()) throw new FileFault(\"NotAFile\", \"a folder\")",
    replace: "if (stats.isDirectory()) return { mode: 0 }",
    test: filesTest,
    title: "moves no folder"
  },
  {
    name: "what is moved need not be read",
    file: writing,
    find: "yield* source.stat\n",
    replace: "",
    test: filesTest,
    title: "needs the power to read to be there still"
  },
  {
    name: "the power to read another file is enough",
    file: writing,
    find: "if (source.resource !== resource) {",
    replace: "if (false as boolean) {",
    test: filesTest,
    title: "needs both names to be written and the first to be read"
  },
  {
    name: "a file is moved to where nothing may be written",
    file: writing,
    find: "lease.use(lease.useOn(to, at((place, signal) => move(place, placeOf(roots, to), signal))))",
    replace: "lease.use(at((place, signal) => move(place, placeOf(roots, to), signal)))",
    test: filesTest,
    title: "needs both names to be written and the first to be read"
  },
  {
    name: "a file that is read stays open after a revocation",
    file: reading,
    find: "lease.open(Effect.acquireRelease(at(openFile), (handle) => Effect.promise(() => handle.close())))",
    replace: "Effect.acquireRelease(at(openFile), (handle) => Effect.promise(() => handle.close()))",
    test: overTest,
    title: "closes a file that is open for reading"
  },
  {
    name: "a file that is written stays open after a revocation",
    file: writing,
    find:
      "lease.open(Effect.acquireRelease(\n      at((place) => openFile(place, flags, create)),\n      (handle) => Effect.promise(() => handle.close())\n    ))",
    replace:
      "Effect.acquireRelease(\n      at((place) => openFile(place, flags, create)),\n      (handle) => Effect.promise(() => handle.close())\n    )",
    test: overTest,
    title: "closes files that are open for writing"
  },
  {
    name: "a draft is left behind",
    file: draft,
    find: "if (!this.#isPlaced) await fs.rm(nameIn(this.#folder, this.#draft), { force: true })",
    replace: "",
    test: overTest,
    title: "stops a write under way"
  },
  {
    name: "an interruption does not wait",
    file: fault,
    find: "return Effect.promise(() => running)",
    replace: "",
    test: overTest,
    title: "is waited for: nothing is opened after"
  }
]

const connectingMutants: ReadonlyArray<Mutant> = [
  {
    name: "addresses that are not public need no grant",
    file: http,
    find: "guarded,\n        Effect.gen",
    replace: "[],\n        Effect.gen",
    test: webTest,
    title: notPublic
  },
  {
    name: "one address is looked at",
    file: connecting,
    find: "for (const address of addresses) {\n      if (Result",
    replace: "for (const address of addresses.slice(0, 1)) {\n      if (Result",
    test: webTest,
    title: notPublic
  },
  {
    name: "a name is looked up again for the connection",
    file: connecting,
    find: "if (!isSecure) return net.connect({ host: address, port",
    replace: "if (!isSecure) return net.connect({ host: url.hostname, port",
    test: webTest,
    title: "is looked up once, and is the one that is connected to"
  },
  {
    name: "certificates are not looked at",
    file: connecting,
    find: "rejectUnauthorized: true",
    replace: "rejectUnauthorized: false",
    test: webTest,
    title: "is for the name that was granted"
  },
  {
    name: "the environment says whether certificates are looked at",
    file: connecting,
    find: "    rejectUnauthorized: true,\n",
    replace: "",
    test: webTest,
    title: "is asked for by no environment to be left out"
  },
  {
    name: "a redirect leads to what was not granted",
    file: http,
    find: "openAll(isFirst ? [] : [resource], hop",
    replace: "openAll([], hop",
    test: webTest,
    title: "is decided on as any other request"
  },
  {
    name: "a redirect leads from https to http",
    file: message,
    find: "if (message.url.protocol === \"https:\" && url.protocol === \"http:\") {",
    replace: "if (false as boolean) {",
    test: webTest,
    title: "goes on to no other scheme"
  },
  {
    name: "a redirect names a user",
    file: message,
    find: "if (url.username !== \"\" || url.password !== \"\") throw",
    replace: "if (false as boolean) throw",
    test: webTest,
    title: "goes on to no other scheme"
  },
  {
    name: "redirects have no end",
    file: http,
    find: "if (left === 0) throw",
    replace: "if (left === -5) throw",
    test: webTest,
    title: "goes on to no other scheme"
  },
  {
    name: "another host is told who asks",
    file: message,
    find: "(isSameHost || impersonal.has(name))",
    replace: "(isSameHost || name !== \"\")",
    test: webTest,
    title: "tells another host nothing of who asks"
  }
]

const exchangingMutants: ReadonlyArray<Mutant> = [
  {
    name: "headers about the connection are the caller's",
    file: message,
    find: "if (isOurs(name)) throw",
    replace: "if (false as boolean) throw",
    test: webTest,
    title: more
  },
  {
    name: "headers of a proxy are the caller's",
    file: message,
    find: " || name.startsWith(\"proxy-\")",
    replace: "",
    test: webTest,
    title: more
  },
  {
    name: "a header has more lines than one",
    file: message,
    find: "if (!printable.test(value)) throw",
    replace: "if (false as boolean) throw",
    test: webTest,
    title: more
  },
  {
    name: "the name of a header is no token",
    file: message,
    find: "if (!token.test(name)) throw",
    replace: "if (false as boolean) throw",
    test: webTest,
    title: more
  },
  {
    name: "there are any number of headers",
    file: message,
    find: "if (headers.length > headerLimit) throw",
    replace: "if (false as boolean) throw",
    test: webTest,
    title: more
  },
  {
    name: "headers are of any length",
    file: message,
    find: "if (size > headerBytesLimit) throw",
    replace: "if (false as boolean) throw",
    test: webTest,
    title: more
  },
  {
    name: "a path is anything",
    file: message,
    find: "path.length > pathLimit || !target.test(path)) throw invalid",
    replace: "path.length > pathLimit) throw invalid",
    test: webTest,
    title: more
  },
  {
    name: "a method is anything",
    file: message,
    find: "if (!methods.has(method)) throw",
    replace: "if (false as boolean) throw",
    test: webTest,
    title: more
  },
  {
    name: "a limit of bytes is no number",
    file: message,
    find: "if (!isCount(bytes)) throw",
    replace: "if (false as boolean) throw",
    test: webTest,
    title: more
  },
  {
    name: "a body that comes has no limit",
    file: http,
    find: "received > maxBytes ?",
    replace: "(false as boolean) ?",
    test: webTest,
    title: limits
  },
  {
    name: "a body that is sent has no limit",
    file: exchange,
    find: "return size > maxRequestBytes",
    replace: "return (false as boolean)",
    test: webTest,
    title: limits
  },
  {
    name: "a head has no limit",
    file: exchange,
    find: "maxHeaderSize: headBytesLimit",
    replace: "maxHeaderSize: 1e9",
    test: webTest,
    title: limits
  },
  {
    name: "a proxy of the environment is used",
    file: exchange,
    find: "createConnection: () => socket,",
    replace: "agent: new http.Agent({ proxyEnv: process.env }), createConnection: () => socket,",
    test: webTest,
    title: "takes no proxy from the environment"
  },
  {
    name: "the name may take any time",
    file: http,
    find: "within(resource, times.connect)(addressesOf(resource, url, resolve))",
    replace: "addressesOf(resource, url, resolve)",
    test: webTest,
    title: "is held for the name"
  },
  {
    name: "the connection has the time of the name once more",
    file: http,
    find: "within(resource, Math.max(0, left))(connect",
    replace: "within(resource, times.connect)(connect",
    test: webTest,
    title: "is held for the name and the connection together"
  },
  {
    name: "the head may take any time",
    file: exchange,
    find: "within(resource, limits.response)(Effect.never)",
    replace: "Effect.never",
    test: webTest,
    title: "is held for the head of the answer"
  },
  {
    name: "a piece may take any time",
    file: http,
    find: "within(resource, times.idle)(pull(resource, body))",
    replace: "pull(resource, body)",
    test: webTest,
    title: "is held for each piece of the body"
  },
  {
    name: "the whole may take any time",
    file: http,
    find: "          isOverdue = true\n          socket.destroy()",
    replace: "          isOverdue = true",
    test: webTest,
    title: "is held for the whole"
  },
  {
    name: "a body goes on after a revocation",
    file: http,
    find: "useAll(needs, within(",
    replace: "useAll([], within(",
    test: webOverTest,
    title: "ends the body that is being read"
  }
]

export const mutants: ReadonlyArray<Mutant> = [
  ...openingMutants,
  ...workingMutants,
  ...connectingMutants,
  ...exchangingMutants
]
