import { assert, describe, it } from "@effect/vitest"
import * as AddressRange from "airssys/security/AddressRange"
import * as Pattern from "airssys/security/Pattern"
import { Result } from "effect"

const classes: ReadonlyArray<readonly [AddressRange.AddressClass, ReadonlyArray<string>]> = [
  ["Public", [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2000::",
    "2001:200::1",
    "2606:4700::1111",
    "2a00:1450:4001::200e",
    "3ffe:ffff::",
    "::ffff:1.1.1.1",
    "::ffff:101:101",
    "64:ff9b::101:101"
  ]],
  ["Private", [
    "10.0.0.0",
    "10.255.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.168.0.0",
    "192.168.255.255",
    "fc00::",
    "fdff:ffff::",
    "fec0::1",
    "::ffff:10.0.0.1"
  ]],
  ["Loopback", ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"]],
  ["LinkLocal", ["169.254.0.1", "169.254.255.255", "fe80::1", "febf::1"]],
  ["Shared", ["100.64.0.0", "100.127.255.255"]],
  ["Metadata", [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::a9fe:a9fe",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe"
  ]],
  ["Multicast", ["224.0.0.1", "239.255.255.255", "ff02::1"]],
  ["Broadcast", ["255.255.255.255"]],
  ["Unspecified", ["0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"]],
  ["Documentation", ["192.0.2.1", "198.51.100.1", "203.0.113.255", "2001:db8::1", "3fff::1"]],
  ["Benchmark", ["198.18.0.1", "198.19.255.255", "2001:2::1"]],
  ["Transition", [
    "192.88.99.1",
    "::7f00:1",
    "::10.0.0.1",
    "::ffff:0:7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::101:101",
    "2001::1",
    "2001:0:7f00:1::",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "2606:4700::5efe:a00:1",
    "2606:4700::200:5efe:a00:1"
  ]],
  ["Reserved", ["240.0.0.1", "255.255.255.254", "192.0.0.1", "2001:10::1", "2001:1ff::1", "4000::1", "100::1", "1::"]]
]

const tricks = [
  "",
  "127.1",
  "127.0.1",
  "2130706433",
  "0x7f000001",
  "0x7f.0.0.1",
  "0x7f.1",
  "0177.0.0.1",
  "017700000001",
  "127.0.0.1.",
  "127.0.0.01",
  "127.0.0.1 ",
  " 127.0.0.1",
  "127.0.0.1\0",
  "127.0.0.256",
  "1.2.3.4.5",
  "\uff11.1.1.1",
  "1\u30021.1.1",
  "[::1]",
  "::1%lo",
  "fe80::1%eth0",
  "fe80::1%25eth0",
  "2606:4700::1%0",
  ":::1",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "::10000",
  "::1.2.3",
  "1.1.1.1/32",
  "example.com",
  "constructor",
  "1".repeat(1e6)
]

const compile = (text: string): Pattern.Pattern => Result.getOrThrow(Pattern.parse("network.outbound", text))

describe("AddressRange", () => {
  for (const [name, addresses] of classes) {
    it.each(addresses)(`takes %s for ${name}`, (address) => {
      assert.strictEqual(AddressRange.classify(address), name)
      assert.strictEqual(AddressRange.isPublic(address), name === "Public")
    })
  }

  it.each(tricks)("takes %j for no address", (text) => {
    assert.isUndefined(AddressRange.classify(text))
    assert.isFalse(AddressRange.isPublic(text))
    assert.isUndefined(AddressRange.host(text))
    for (const pattern of ["https://**", "https://localhost", "https://10.0.0.0/8", "https://[fd00::/8]"]) {
      assert.isFalse(Pattern.allowsAddress(compile(pattern), text), pattern)
    }
  })

  it("names addresses as resources do", () => {
    assert.strictEqual(AddressRange.host("10.0.0.1"), "10.0.0.1")
    assert.strictEqual(AddressRange.host("::ffff:a00:1"), "10.0.0.1")
    assert.strictEqual(AddressRange.host("FD00:0::1"), "[fd00::1]")
    for (const [name, addresses] of classes) {
      for (const address of addresses) {
        const resource = `https://${AddressRange.host(address)}`
        const isNamed = Pattern.parseResource("network.outbound", resource) !== undefined
        const isTranslated = address.startsWith("64:ff9b:")
        assert.strictEqual(isNamed, !isTranslated && (name !== "Transition" || address.includes("192.88")), resource)
      }
    }
  })
})

describe("Pattern.allowsAddress", () => {
  const named = ["https://**", "https://api.example.com", "https://*.corp", "https://db", "https://**.example.com:1-9"]

  it("lets a name go to public addresses only", () => {
    for (const [name, addresses] of classes) {
      for (const address of addresses) {
        for (const pattern of named) {
          assert.strictEqual(
            Pattern.allowsAddress(compile(pattern), address),
            name === "Public",
            `${pattern} ${address}`
          )
        }
      }
    }
  })

  it("lets localhost go to loopback, and a host of metadata to its address", () => {
    for (const [name, addresses] of classes) {
      for (const address of addresses) {
        const isAllowed = (pattern: string) => Pattern.allowsAddress(compile(pattern), address)
        const isPublic = name === "Public"
        assert.strictEqual(isAllowed("http://localhost:8080"), isPublic || name === "Loopback", address)
        assert.strictEqual(isAllowed("http://a.localhost"), isPublic || name === "Loopback", address)
        assert.strictEqual(isAllowed("http://metadata.google.internal"), isPublic || name === "Metadata", address)
        assert.strictEqual(isAllowed("http://metadata"), isPublic || name === "Metadata", address)
      }
    }
  })

  it.each<[string, string, boolean]>([
    ["tcp://10.0.0.0/8:5432", "10.1.2.3", true],
    ["tcp://10.0.0.0/8:5432", "::ffff:10.1.2.3", true],
    ["tcp://10.0.0.0/8:5432", "11.0.0.1", false],
    ["tcp://10.0.0.0/8:5432", "1.1.1.1", false],
    ["tcp://10.0.0.0/8:5432", "64:ff9b::a00:1", false],
    ["tcp://10.0.0.0/8:5432", "2002:a00:1::", false],
    ["tcp://10.0.0.7:5432", "10.0.0.7", true],
    ["tcp://10.0.0.7:5432", "10.0.0.8", false],
    ["tcp://[fd00::/8]:443", "fd00:1::2", true],
    ["tcp://[fd00::/8]:443", "fd00:ec2::254", false],
    ["http://169.254.0.0/16", "169.254.1.1", true],
    ["http://169.254.0.0/16", "169.254.169.254", false],
    ["http://169.254.0.0/16", "::ffff:169.254.169.254", false],
    ["http://169.254.169.254", "169.254.169.254", true],
    ["http://169.254.169.254", "::ffff:a9fe:a9fe", true],
    ["http://169.254.169.254", "1.1.1.1", false]
  ])("%s to %s: %s", (pattern, address, expected) => {
    assert.strictEqual(Pattern.allowsAddress(compile(pattern), address), expected)
  })

  it("is only for connecting", () => {
    for (const kind of ["network.resolve", "network.inbound"] as const) {
      const pattern = Result.getOrThrow(Pattern.parse(kind, kind === "network.resolve" ? "**" : "https://**"))
      assert.isFalse(Pattern.allowsAddress(pattern, "1.1.1.1"))
    }
  })
})
