import { type Mutant, of } from "../../../../scripts/lib/mutants.ts"

export const mutants: ReadonlyArray<Mutant> = [
  ...of("security/internal/curvePoint.ts", "security/PublicKey.test.ts", [
    [
      "curvePoint: small order",
      "smallOrder.has(y) ? \"SmallOrder\" : undefined",
      "undefined",
      "takes no point of small order, of either sign"
    ],
    ["curvePoint: unreduced", "y >= prime", "y > 2n ** 255n", "takes no coordinate that is not reduced"],
    ["curvePoint: sign bit", "& 0x7f", "& 0xff", "takes no point of small order, of either sign"]
  ]),
  ...of("security/PublicKey.ts", "security/PublicKey.test.ts", [
    [
      "PublicKey: key canonical",
      "Base64Url.encode(bytes.success) === encoded ?",
      "encoded !== \"\" ?",
      "takes no key with bits beyond the last byte"
    ]
  ]),
  ...of("security/internal/canonicalText.ts", "security/Statement.test.ts", [
    [
      "canonicalText: canonical",
      "Result.isSuccess(canonical) && canonical.success === text",
      "Result.isSuccess(canonical)",
      "is no text with an unknown field"
    ],
    [
      "canonicalText: domain checked",
      "if (domain !== format.domain) return",
      "if (end < 0) return",
      "is no text with a byte order mark"
    ]
  ]),
  ...of("security/Statement.ts", "security/Statement.test.ts", [
    [
      "Statement: domain signed",
      "const bytes = encoder.encode(signed.text)",
      "const bytes = encoder.encode(signed.text.slice(signed.text.indexOf(\"\\n\")))",
      "says its value and who signed it"
    ],
    [
      "Statement: only first signature",
      "for (const signer of signatures) yield*",
      "for (const signer of signatures.slice(0, 1)) yield*",
      "needs every signature that it carries to verify, each by another key, and at least one"
    ],
    [
      "Statement: any signature",
      "if (!isGood) return",
      "if (isGood === undefined) return",
      "of one domain or version never verifies as another, with its text as it is or renamed"
    ],
    [
      "Statement: unsigned",
      "if (signatures.length === 0) return",
      "if (signatures.length < 0) return",
      "needs every signature that it carries to verify, each by another key, and at least one"
    ],
    [
      "Statement: repeated",
      "if (new Set(signatures.map((_) => _.key)).size < signatures.length) {",
      "if (signatures.length > 99) {",
      "needs every signature that it carries to verify, each by another key, and at least one"
    ],
    [
      "Statement: signer decoded",
      "if (!isSigner(signer)) return yield*",
      "if (signer.signature === \"-\") return yield*",
      "takes no signature or key that was not decoded"
    ]
  ]),
  ...of("security/internal/canonicalJson.ts", "security/Statement.test.ts", [
    [
      "canonicalJson: surrogates",
      "return value.isWellFormed() ? JSON.stringify(value) : undefined",
      "return JSON.stringify(value)",
      "is no text with half of a surrogate pair"
    ]
  ]),
  ...of("security/SigningKey.ts", "security/PublicKey.test.ts", [
    [
      "SigningKey: seed shown",
      "  secrets.set(key, privateKey)\n",
      "  secrets.set(key, privateKey)\n  Object.assign(key, { bytes: yield* Signature.toBytes(privateKey) })\n",
      "shows its public key and never its seed"
    ]
  ]),
  ...of("security/GitUrl.ts", "security/GitUrl.test.ts", [
    [
      "GitUrl: https user",
      "scheme === \"https\" && user !== undefined",
      "scheme === \"https\" && user === \"\"",
      "refuses https://ada@acme.example/rates"
    ],
    [
      "GitUrl: ssh user",
      "scheme === \"ssh\" && user !== \"git\"",
      "scheme === \"ssh\" && user === \"\"",
      "refuses ssh://acme.example/rates"
    ],
    [
      "GitUrl: number host",
      "(!/(?:^|\\.)[0-9][^.]*$/.test(host) || address.test(host))",
      "host !== \"\"",
      "refuses https://127.1/rates"
    ],
    [
      "GitUrl: schemes",
      "if (!defaultPorts.has(scheme)) return",
      "if (scheme === \"\") return",
      "refuses http://acme.example/rates"
    ],
    [
      "GitUrl: segments",
      "if (!segments.every(isSegment)) {",
      "if (segments.length === 0) {",
      "refuses https://acme.example/"
    ],
    [
      "GitUrl: case",
      "parts.host.toLowerCase()",
      "parts.host",
      "writes HTTPS://ACME.Example/rates as https://acme.example/rates, and that as itself"
    ],
    [
      "GitUrl: ports of the other scheme",
      "port === defaultPorts.get(scheme)",
      "port === \"443\" || port === \"22\"",
      "has the host, port and path that a reader of URLs finds, and so never those of another"
    ],
    ["GitUrl: .git twice", " && !/\\.(?:git|lock)$/i.test(segment)", "", "refuses https://acme.example/rates.git.git"]
  ]),
  ...of("security/ReleaseStatement.ts", "security/ReleaseStatement.test.ts", [
    [
      "ReleaseStatement: named key",
      "opened.signers.includes(opened.value.key)",
      "opened.signers.length > 0",
      "is signed by the key it names, also where others sign it too"
    ],
    ["ReleaseStatement: end", "issued < notAfter", "issued <= notAfter", "is not made with an end at its beginning"]
  ]),
  ...of("security/KeyRotation.ts", "security/ReleaseStatement.test.ts", [
    [
      "KeyRotation: new key",
      " && signers.includes(value.to)",
      "",
      "is signed by the old key and the new one, and by nobody else"
    ],
    [
      "KeyRotation: old key",
      "signers.includes(value.from) && ",
      "",
      "is signed by the old key and the new one, and by nobody else"
    ],
    [
      "KeyRotation: others",
      "signers.length === 2 && ",
      "",
      "is signed by the old key and the new one, and by nobody else"
    ]
  ]),
  ...of("security/CapabilitySet.ts", "security/ReleaseStatement.test.ts", [
    [
      "CapabilitySet: expiry",
      "expires === undefined ? {} : { expires }",
      "{}",
      "has another digest with one pattern, kind or day more or less"
    ],
    [
      "CapabilitySet: order",
      "[...new Set(lines)].toSorted()",
      "[...new Set(lines)]",
      "is one line for each kind and pattern, however they are grouped, ordered and explained"
    ]
  ])
]
