import type { Mutant } from "../../../../scripts/lib/mutants.ts"

const shape = "security/internal/patternShape.ts"
const hosts = "security/internal/hostName.ts"
const network = "security/internal/networkPattern.ts"
const blocks = "security/internal/addressBlocks.ts"
const paths = "security/internal/pathPattern.ts"
const refused = "security/internal/refusedPaths.ts"
const commands = "security/internal/commandPattern.ts"
const names = "security/internal/namePattern.ts"
const anchor = "security/internal/anchor.ts"
const grammar = "security/internal/grammar.ts"
const plain = "security/internal/plainResource.ts"
const plainText = "security/internal/plainText.ts"
const pattern = "security/Pattern.ts"

const table = "security/Pattern.test.ts"
const laws = "security/patternLaws.test.ts"
const hostile = "security/patternHostile.test.ts"
const plainTest = "security/plainResource.test.ts"
const ranges = "security/AddressRange.test.ts"

const reference = "covers exactly what a naive reference does"
const isRead = "are resources of their grammar, filed under the same keys"
const isCovered = "are covered by exactly the patterns that cover what their grammar reads"
const oneWay = "name one resource in one way"

const matching: ReadonlyArray<Mutant> = [
  {
    name: "the scheme or root is not compared",
    file: shape,
    find: "pattern.head !== subject.head || !holdsPorts(pattern, subject)",
    replace: "!holdsPorts(pattern, subject)",
    test: laws,
    title: reference
  },
  {
    name: "ports are not compared",
    file: shape,
    find: " || !holdsPorts(pattern, subject)",
    replace: "",
    test: laws,
    title: reference
  },
  {
    name: "a range of ports is taken for a port that it begins at",
    file: shape,
    find: "pattern.ports.first <= subject.ports.first && subject.ports.last <= pattern.ports.last",
    replace: "pattern.ports.first <= subject.ports.first && subject.ports.first <= pattern.ports.last",
    test: laws,
    title: "a pattern that subsumes another"
  },
  {
    name: "wildcards reach local names and metadata",
    file: shape,
    find: "if (subject.reach === \"Open\") return true",
    replace: "return true",
    test: table,
    title: "no wildcard covers"
  },
  {
    name: "the wildcard for all public hosts reaches private zones",
    file: shape,
    find: "first !== undefined && isLiteral(first)",
    replace: "first !== undefined",
    test: table,
    title: "no wildcard covers"
  },
  {
    name: "a wildcard matches a name only at its beginning",
    file: shape,
    find: "    segment.startsWith(token.before) &&\n    segment.endsWith(token.after)",
    replace: "    segment.startsWith(token.before)",
    test: laws,
    title: reference
  },
  {
    name: "a part of a segment may be empty",
    file: shape,
    find: "segment.length > token.before.length",
    replace: "segment.length >= token.before.length",
    test: laws,
    title: reference
  },
  {
    name: "a wildcard takes options of commands",
    file: shape,
    find: "if (token.isPlain && !isPlain(subject)) return false",
    replace: "",
    test: laws,
    title: reference
  },
  {
    name: "a narrower wildcard is not compared at its end",
    file: shape,
    find: "subject.before.startsWith(token.before) && subject.after.endsWith(token.after)",
    replace: "subject.before.startsWith(token.before)",
    test: laws,
    title: "a pattern that subsumes another"
  },
  {
    name: "one wildcard is taken for many",
    file: shape,
    find: "if (subject._tag === \"Any\") return false",
    replace: "if (subject._tag === \"Any\") return isOne(token)",
    test: laws,
    title: "a pattern that subsumes another"
  },
  {
    name: "a run of wildcards forgets one",
    file: shape,
    find: "made.splice(-1, 0, token)",
    replace: "{}",
    test: laws,
    title: reference
  },
  {
    name: "** stands for a segment at least",
    file: shape,
    find: "if (next === 0) return false\n    reached = next | (next & anys) << 1",
    replace: "if (next === 0) return false\n    reached = next",
    test: laws,
    title: reference
  },
  {
    name: "the end of a pattern need not be reached",
    file: shape,
    find: "return (reached & 1 << tokens.length) !== 0\n}\n\n/** Whether wildcards of the pattern",
    replace: "return reached !== 0\n}\n\n/** Whether wildcards of the pattern",
    test: laws,
    title: reference
  },
  {
    name: "each position of a pattern is followed to its end anew",
    file: shape,
    find: "  for (const segment of subject) {\n    let next = 0",
    replace:
      "  for (const segment of subject) {\n    for (const again of subject) tokens.find((token) => accepts(token, again))\n    let next = 0",
    test: hostile,
    title: "is at most tokens times segments"
  },
  {
    name: "a pattern with wildcards is filed as if it had none",
    file: anchor,
    find: "depth === whole ? !isNamed(shape) :",
    replace: "depth === whole ? !shape.tokens.some(isLiteral) :",
    test: laws,
    title: "is filed under one of its anchors"
  },
  {
    name: "kinds are not compared",
    file: pattern,
    find: "  pattern.kind === resource.kind &&\n",
    replace: "",
    test: table,
    title: "compares no kinds"
  },
  {
    name: "kinds are not compared with each other",
    file: pattern,
    find: "  wider.kind === narrower.kind &&\n",
    replace: "",
    test: table,
    title: "compares no kinds"
  },
  {
    name: "wildcards are taken for resources",
    file: grammar,
    find: "return kind === \"messaging.subscribe\" ?",
    replace: "return kind !== \"log\" ?",
    test: table,
    title: "does not cover"
  },
  {
    name: "resources of any length are read",
    file: grammar,
    find: " || text.length > longest",
    replace: "",
    test: hostile,
    title: "reads no megabytes"
  },
  {
    name: "patterns of any length are read",
    file: pattern,
    find: "if (text.length > textLimit) {",
    replace: "if (text.length > 1e9) {",
    test: table,
    title: "refuses"
  },
  {
    name: "patterns of any number of segments are followed",
    file: pattern,
    find: "shape.success.tokens.length > patternShape.tokenLimit",
    replace: "shape.success.tokens.length > 1000",
    test: table,
    title: "refuses"
  },
  {
    name: "what is refused is shown as it is",
    file: pattern,
    find: "return SafeText.escape(`\"${this.text}\": ${this.problem}: ${this.remedy}`, 2048)",
    replace: "return `\"${this.text}\": ${this.problem}: ${this.remedy}`",
    test: hostile,
    title: "are parsed or refused"
  }
]

const addresses: ReadonlyArray<Mutant> = [
  {
    name: "a range holds addresses of metadata",
    file: shape,
    find: "  (subject.reach === \"Open\" || isOneAddress(pattern.network)) &&\n",
    replace: "",
    test: laws,
    title: reference
  },
  {
    name: "an address is not compared",
    file: shape,
    find:
      "(subject.reach === \"Open\" || isOneAddress(pattern.network)) &&\n  IpNetwork.containsNetwork(pattern.network, subject.network)",
    replace: "(subject.reach === \"Open\" || isOneAddress(pattern.network))",
    test: laws,
    title: reference
  },
  {
    name: "a name stands for an address",
    file: shape,
    find: "pattern.network === undefined && subject.network === undefined",
    replace: "pattern.network === undefined",
    test: laws,
    title: reference
  },
  {
    name: "an address has many spellings",
    file: network,
    find: "return NetAddress.formatIp(address) === text",
    replace: "return text !== \"\"",
    test: hostile,
    title: oneWay
  },
  {
    name: "a range has many spellings",
    file: network,
    find: "if (first !== NetAddress.formatIp(address)) {",
    replace: "if (first === text) {",
    test: table,
    title: "a range begins with its first address"
  },
  {
    name: "a range reaches over classes",
    file: network,
    find: "kind === undefined || kind === \"Transition\"",
    replace: "kind === \"Transition\"",
    test: table,
    title: "this range is of several kinds"
  },
  {
    name: "IPv4 in IPv6 is a host",
    file: network,
    find: "if (addressBlocks.holdsIpv4(address)) {",
    replace: "if (text === \"\") {",
    test: table,
    title: "an IPv4 address is hidden"
  },
  {
    name: "numbers are host names",
    file: network,
    find: "text.includes(\"/\") || isNumeric(text)",
    replace: "text.includes(\"/\")",
    test: hostile,
    title: oneWay
  },
  {
    name: "a host ends anywhere",
    file: network,
    find: "const extra = simple.test(text) ? undefined",
    replace: "const extra = start > 0 ? undefined",
    test: table,
    title: "refuses"
  },
  {
    name: "mapped addresses are of their own class",
    file: blocks,
    find: "const address = unmapped(given)\n",
    replace: "const address = given\n",
    test: ranges,
    title: "takes ::ffff"
  },
  {
    name: "metadata is told by its block",
    file: blocks,
    find: "if (isMetadata(address)) return \"Metadata\"",
    replace: "",
    test: ranges,
    title: "for Metadata"
  },
  {
    name: "whatever NAT64 translates is public",
    file: blocks,
    find: "return classOf(lastIpv4(address)) === \"Public\" ? \"Public\" : \"Transition\"",
    replace: "return \"Public\"",
    test: ranges,
    title: "for Transition"
  },
  {
    name: "tunnels are public",
    file: blocks,
    find: "if (isTunnel(address)) return \"Transition\"",
    replace: "",
    test: ranges,
    title: "for Transition"
  },
  {
    name: "the widest block decides",
    file: blocks,
    find: "b.network.prefixLength - a.network.prefixLength",
    replace: "a.network.prefixLength - b.network.prefixLength",
    test: ranges,
    title: "for Private"
  },
  {
    name: "a name goes to any address",
    file: pattern,
    find: "if (found === \"Public\") return true",
    replace: "return true",
    test: ranges,
    title: "lets a name go to public addresses only"
  },
  {
    name: "any name goes to loopback",
    file: pattern,
    find: "found === \"Loopback\" && hostName.isLocal(name)",
    replace: "found === \"Loopback\"",
    test: ranges,
    title: "lets a name go to public addresses only"
  },
  {
    name: "an address goes to any public one",
    file: pattern,
    find: "if (shape.network !== undefined) {",
    replace: "if (shape.network !== undefined && addressBlocks.classOf(parsed) !== \"Public\") {",
    test: ranges,
    title: "to 1.1.1.1: false"
  },
  {
    name: "what is listened on goes out",
    file: pattern,
    find: "kind !== \"network.outbound\" || ",
    replace: "",
    test: ranges,
    title: "is only for connecting"
  },
  {
    name: "names alone are covered by wildcards",
    file: hosts,
    find: "if (dot === -1 && name !== \"**\") return \"Named\"",
    replace: "",
    test: laws,
    title: reference
  },
  {
    name: "local names are covered by wildcards",
    file: hosts,
    find: "if (last === \"localhost\" || metadataHosts.has(name)) return \"Named\"",
    replace: "",
    test: table,
    title: "no wildcard covers"
  },
  {
    name: "the last label is a wildcard",
    file: hosts,
    find: "if (top !== undefined && !isLiteral(top) && text !== \"**\") {",
    replace: "if (text === \"\") {",
    test: table,
    title: "the last label of a host is no wildcard"
  },
  {
    name: "any xn-- label is taken",
    file: hosts,
    find: "!label.startsWith(\"xn--\") || isWellEncoded(label)",
    replace: "label !== \"\"",
    test: table,
    title: "this label encodes no other letters"
  },
  {
    name: "an xn-- label need not be what its letters are written as",
    file: hosts,
    find: "letters !== undefined && toAscii(letters) === label",
    replace: "letters !== undefined",
    test: table,
    title: "this label encodes no other letters"
  }
]

const files: ReadonlyArray<Mutant> = [
  {
    name: "paths climb",
    file: paths,
    find: "if (segment === \".\" || segment === \"..\") {",
    replace: "if (segment === \"...\") {",
    test: table,
    title: "a path has no"
  },
  {
    name: "segments are empty",
    file: paths,
    find:
      "if (segment === \"\") return fail(\"a segment of this path is empty\", \"remove a \\\"/\\\"\", place, pathNote)",
    replace: "",
    test: hostile,
    title: oneWay
  },
  {
    name: "invisible characters are taken",
    file: paths,
    find: "const hostile = /[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Cn}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}\\\\]/u",
    replace: "const hostile = /[\\\\]/u",
    test: hostile,
    title: oneWay
  },
  {
    name: "fillers are taken",
    file: paths,
    find: "\\p{Default_Ignorable_Code_Point}",
    replace: "",
    test: hostile,
    title: oneWay
  },
  {
    name: "back slashes are taken",
    file: paths,
    find: "\\p{Default_Ignorable_Code_Point}\\\\]/u",
    replace: "\\p{Default_Ignorable_Code_Point}]/u",
    test: table,
    title: "a path has no"
  },
  {
    name: "percent escapes are taken",
    file: paths,
    find: "const encoded = /%(?:00|25|2e|2f|5c)/i",
    replace: "const encoded = /%(?:00)/i",
    test: hostile,
    title: oneWay
  },
  {
    name: "paths are composed or not",
    file: paths,
    find: "return composed === segment ?",
    replace: "return composed !== \"\" ?",
    test: hostile,
    title: oneWay
  },
  {
    name: "characters are not looked at",
    file: paths,
    find: "const problem = ordinary.test(segment) ?",
    replace: "const problem = segment !== \"\" ?",
    test: hostile,
    title: oneWay
  },
  {
    name: "keys are given by their ending",
    file: refused,
    find: "    refusedEndings.has(name.slice(Math.max(0, name.lastIndexOf(\".\")))) ||\n",
    replace: "",
    test: table,
    title: "nothing covers inbox:/a/server"
  },
  {
    name: "keys are given by their names",
    file: refused,
    find: "return refusedNames.has(name) ||\n    ",
    replace: "return ",
    test: table,
    title: "nothing covers inbox:/"
  },
  {
    name: "look-alikes of dots and slashes are taken",
    file: paths,
    find: "if (isDisguised(segment)) {",
    replace: "if (segment === \"\") {",
    test: table,
    title: "this can be read as"
  },
  {
    name: "streams are named",
    file: paths,
    find: "if (colon !== -1) {",
    replace: "if (segment === \"\") {",
    test: hostile,
    title: oneWay
  },
  {
    name: "segments end in dots",
    file: paths,
    find: "name.endsWith(\".\") || name.endsWith(\" \")",
    replace: "name.endsWith(\" \")",
    test: hostile,
    title: oneWay
  },
  {
    name: "segments end in spaces",
    file: paths,
    find: "name.endsWith(\".\") || name.endsWith(\" \")",
    replace: "name.endsWith(\".\")",
    test: hostile,
    title: oneWay
  },
  {
    name: "nothing is always refused",
    file: paths,
    find: "(isRefused(segment.text, index, parent)",
    replace: "(segment.text === \"\" && isRefused(segment.text, index, parent)",
    test: table,
    title: "nothing covers inbox:"
  },
  {
    name: "what is refused is refused in one case",
    file: refused,
    find: "compatible(segment).toUpperCase()",
    replace: "compatible(segment)",
    test: table,
    title: "nothing covers inbox:"
  },
  {
    name: "what is refused is refused in one form",
    file: refused,
    find: "compatible(segment).toUpperCase()",
    replace: "segment.toUpperCase()",
    test: table,
    title: "nothing covers inbox:"
  },
  {
    name: "short names are taken",
    file: refused,
    find: "    shortName.test(name) ||\n",
    replace: "",
    test: table,
    title: "nothing covers inbox:/SSH~1"
  },
  {
    name: "devices are taken",
    file: refused,
    find: "    device.test(name) ||\n",
    replace: "",
    test: table,
    title: "nothing covers inbox:/"
  },
  {
    name: "folders in folders are taken",
    file: refused,
    find: "    refusedPairs.has(`${fold(parent)}/${name}`) ||\n",
    replace: "",
    test: table,
    title: "nothing covers inbox:/.config"
  },
  {
    name: "the parent of a segment is forgotten",
    file: paths,
    find: "parent = piece.text",
    replace: "",
    test: table,
    title: "nothing covers inbox:/.config"
  },
  {
    name: "/proc is given",
    file: refused,
    find: "index === 0 && refusedTops.has(name)",
    replace: "false",
    test: table,
    title: "nothing covers inbox:/proc"
  }
]

const programs: ReadonlyArray<Mutant> = [
  {
    name: "a wildcard stands for options",
    file: commands,
    find: "if (value === \"**\") return Result.succeed(plainAny)",
    replace: "if (value === \"**\") return Result.succeed(any)",
    test: table,
    title: "process.spawn"
  },
  {
    name: "a wildcard at the beginning stands for options",
    file: commands,
    find: "partial(value.slice(0, star), after, star === 0)",
    replace: "partial(value.slice(0, star), after)",
    test: table,
    title: "process.spawn"
  },
  {
    name: "quoted stars are wildcards",
    file: commands,
    find: "if (isQuoted || star === -1) return",
    replace: "if (star === -1) return",
    test: laws,
    title: reference
  },
  {
    name: "words are quoted or not",
    file: commands,
    find: "if (isQuoted && bare.test(value)) return",
    replace: "if (value === \"\" && bare.test(value)) return",
    test: hostile,
    title: oneWay
  },
  {
    name: "words are parted by spaces of any number",
    file: commands,
    find: "if (written === \"\") return fail(\"words are parted by one space\", \"remove a space\", place, wordNote)\n",
    replace: "",
    test: table,
    title: "words are parted by one space"
  },
  {
    name: "a quotation ends within a word",
    file: commands,
    find: "if (end < text.length && text[end] !== \" \") {",
    replace: "if (end < 0) {",
    test: table,
    title: "a quotation is a whole word"
  },
  {
    name: "the program is written without quotes",
    file: pattern,
    find: "[program, ...args].map(commandPattern.quote).join(\" \")",
    replace: "[program, ...args.map(commandPattern.quote)].join(\" \")",
    test: laws,
    title: "makes no other program of a name with spaces"
  },
  {
    name: "NUL is an argument",
    file: commands,
    find: "if (hidden !== null) {",
    replace: "if (hidden !== null && text === \"\") {",
    test: table,
    title: "an argument has no NUL"
  },
  {
    name: "programs climb",
    file: commands,
    find: "text.split(\"/\").every((segment) => !/^\\.+$|\\.$/.test(segment))",
    replace: "text !== \"\"",
    test: table,
    title: "not a program"
  },
  {
    name: "batch files are programs",
    file: commands,
    find: "return isBatch(value)\n",
    replace: "return value === \"\"\n",
    test: table,
    title: "a batch file reads arguments as commands"
  },
  {
    name: "variables have wildcards",
    file: names,
    find: "if (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(text))",
    replace: "if (/^[A-Za-z_][A-Za-z0-9_*]{0,127}$/.test(text))",
    test: table,
    title: "a variable is named in full"
  },
  {
    name: "a recipient has any number of parts",
    file: names,
    find: "tokens.success.length === 2 && tokens.success.every((token) => token._tag === \"Segment\")",
    replace: "tokens.success.length > 0",
    test: table,
    title: "a recipient has two parts"
  }
]

const plains: ReadonlyArray<Mutant> = [
  {
    name: "other characters are taken for those of ASCII",
    file: plainText,
    find: "state === closed && seen < 128 &&",
    replace: "state === closed &&",
    test: plainTest,
    title: isRead
  },
  {
    name: "plain segments end anywhere",
    file: plainText,
    find: "isDashed ? dashed : last.includes(character) ? closed : open",
    replace: "isDashed ? dashed : closed",
    test: plainTest,
    title: isRead
  },
  {
    name: "plain labels have two dashes in a row",
    file: plainText,
    find: "isDashed ? dashed : last",
    replace: "last",
    test: plainTest,
    title: isRead
  },
  {
    name: "plain segments are of any length",
    file: plainText,
    find: "end - start > longest || ",
    replace: "",
    test: plainTest,
    title: isRead
  },
  {
    name: "files that are refused are plain",
    file: plainText,
    find: " || isFile && isSuspect(text, start, end)",
    replace: "",
    test: plainTest,
    title: isRead
  },
  {
    name: "only long paths are looked at for files that are refused",
    file: plainText,
    find: "!form.isFile && to - from <= form.longest",
    replace: "to - from <= form.longest",
    test: plainTest,
    title: isRead
  },
  {
    name: "keys are plain by their names",
    file: refused,
    find: "  if (isPair(suspectBeginnings, text, from, to)) return true\n",
    replace: "",
    test: plainTest,
    title: isRead
  },
  {
    name: "keys are plain by their ending",
    file: refused,
    find: "return dot > from && isPair(suspectEndings, text, dot + 1, to)",
    replace: "return false",
    test: plainTest,
    title: isRead
  },
  {
    name: "files that are refused are plain in lower case",
    file: refused,
    find: "code >= 97 && code <= 122 ? code - 32 : code",
    replace: "code",
    test: plainTest,
    title: isRead
  },
  {
    name: "wildcards reach private zones in plain names",
    file: plain,
    find: "hostName.reachOf(text.slice(from, to)) === \"Open\"",
    replace: "hostName.reachOf(text.slice(from, to)) !== \"Named\"",
    test: laws,
    title: reference
  },
  {
    name: "addresses are plain names",
    file: plain,
    find: "    isLetter(text.charCodeAt(text.lastIndexOf(\".\", to - 1) + 1)) &&\n",
    replace: "",
    test: plainTest,
    title: isRead
  },
  {
    name: "plain names are of any length",
    file: plain,
    find: "to - from <= 253 &&\n",
    replace: "to > 0 &&\n",
    test: plainTest,
    title: isRead
  },
  {
    name: "plain resources are of any length",
    file: plain,
    find: "text.length > longest\n",
    replace: "text.length > 1e9\n",
    test: plainTest,
    title: isRead
  },
  {
    name: "plain recipients have any number of parts",
    file: plain,
    find: "found?.count === 2 ? found : undefined",
    replace: "found",
    test: plainTest,
    title: isRead
  },
  {
    name: "plain commands have any program",
    file: plain,
    find: "plainText.isPlain(plainText.program, text, 0, space === -1 ? text.length : space)",
    replace: "space !== 0",
    test: plainTest,
    title: isRead
  },
  {
    name: "roots of plain paths have any name",
    file: plain,
    find: "mark !== -1 && plainText.isPlain(plainText.root, text, 0, mark)",
    replace: "mark !== -1",
    test: plainTest,
    title: isRead
  },
  {
    name: "the head of what is plain is not compared",
    file: plain,
    find: "      head.length === this.head &&\n      isAt(text, head, 0) &&\n",
    replace: "",
    test: plainTest,
    title: isCovered
  },
  {
    name: "the port of what is plain is not compared",
    file: plain,
    find: "ports.first <= port && port <= ports.last",
    replace: "ports.first <= port",
    test: plainTest,
    title: isCovered
  },
  {
    name: "a wildcard takes plain options of commands",
    file: plain,
    find: "  if (token.isPlain && text.charCodeAt(from) === dash) return false\n",
    replace: "",
    test: plainTest,
    title: isCovered
  },
  {
    name: "a wildcard matches plain segments only at their beginning",
    file: plain,
    find: " && isAt(text, after, to - after.length)",
    replace: "",
    test: plainTest,
    title: isCovered
  },
  {
    name: "a part of a plain segment may be empty",
    file: plain,
    find: "to - from > before.length + after.length",
    replace: "to - from >= before.length + after.length",
    test: plainTest,
    title: isCovered
  },
  {
    name: "the beginning of a plain segment is enough",
    file: plain,
    find: "return to - from === before.length && isAt",
    replace: "return isAt",
    test: plainTest,
    title: isCovered
  },
  {
    name: "what is plain is covered by more than the beginning of it",
    file: plain,
    find: "text.length === prefix.length - 1 && isAt(prefix, text, 0)",
    replace: "isAt(prefix, text, 0)",
    test: plainTest,
    title: isCovered
  },
  {
    name: "several wildcards are a beginning",
    file: plain,
    find: " && !prefix.includes(\"*\")",
    replace: "",
    test: plainTest,
    title: isCovered
  },
  {
    name: "options are the beginning of a command",
    file: plain,
    find: "kind !== \"process.spawn\" && ",
    replace: "",
    test: plainTest,
    title: isCovered
  },
  {
    name: "the end of a pattern of what is plain need not be reached",
    file: plain,
    find: "return (reached & 1 << tokens.length) !== 0",
    replace: "return reached !== 0",
    test: plainTest,
    title: isCovered
  },
  {
    name: "a rule is not looked for at its depth",
    file: plain,
    find: "if (depth > this.count) return undefined",
    replace: "if (depth >= this.count) return undefined",
    test: plainTest,
    title: isRead
  }
]

export const mutants: ReadonlyArray<Mutant> = [...matching, ...plains, ...addresses, ...files, ...programs]
