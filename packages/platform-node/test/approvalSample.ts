import type { Approval } from "airssys/security/Approval"
import type { PublicKey } from "airssys/security/PublicKey"

const key = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" as PublicKey
export const signed = { text: "", signatures: [] }
const digest = (text: string): string => `sha256:${text.padStart(64, "0")}`

export const approval = (index: number): Approval => ({
  id: digest(String(index)),
  request: signed,
  asked: {
    host: key,
    nonce: String(index).padStart(22, "n"),
    component: "acme:rates",
    version: "1.0.0",
    artifact: digest("a"),
    manifest: digest("b"),
    capabilities: digest("c"),
    wants: [],
    limits: { memory: 1024 * 1024, fuel: 1000 },
    reason: "Needed.",
    issued: 0,
    notAfter: 1
  },
  requesters: [key],
  level: "Unknown",
  revision: 0,
  isRecorded: false,
  state: { _tag: "Pending" }
})
