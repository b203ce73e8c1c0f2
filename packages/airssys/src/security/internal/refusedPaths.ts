/**
 * What is refused whatever a manifest says: keys and credentials, histories of
 * shells, what is executed at log-in, devices and the host's own stores.
 */
const refusedNames: ReadonlySet<string> = new Set([
  ".AIRSSYS",
  ".AUTHINFO",
  ".AWS",
  ".AZURE",
  ".BASH_HISTORY",
  ".BASH_LOGIN",
  ".BASH_LOGOUT",
  ".BASH_PROFILE",
  ".BASHRC",
  ".BOTO",
  ".DOCKER",
  ".DOCKERCFG",
  ".DOCKERCONFIGJSON",
  ".ENV",
  ".ENVRC",
  ".GIT-CREDENTIALS",
  ".GNUPG",
  ".GSUTIL",
  ".HTPASSWD",
  ".KEYCHAIN",
  ".KUBE",
  ".MY.CNF",
  ".MYLOGIN.CNF",
  ".MYSQL_HISTORY",
  ".NETRC",
  ".NODE_REPL_HISTORY",
  ".NPMRC",
  ".OCI",
  ".PASSWORD-STORE",
  ".PGPASS",
  ".PROFILE",
  ".PSQL_HISTORY",
  ".PYPIRC",
  ".PYTHON_HISTORY",
  ".RCLONE.CONF",
  ".REDISCLI_HISTORY",
  ".S3CFG",
  ".SQLITE_HISTORY",
  ".SSH",
  ".TERRAFORMRC",
  ".VAULT-TOKEN",
  ".YARNRC.YML",
  ".ZLOGIN",
  ".ZPROFILE",
  ".ZSHENV",
  ".ZSHRC",
  ".ZSH_HISTORY",
  "AIRSSYS.TOML",
  "APPLICATION_DEFAULT_CREDENTIALS.JSON",
  "GSHADOW",
  "ID_DSA",
  "ID_ECDSA",
  "ID_ECDSA_SK",
  "ID_ED25519",
  "ID_ED25519_SK",
  "ID_RSA",
  "KEYCHAINS",
  "KEYRINGS",
  "NTUSER.DAT",
  "SHADOW",
  "TERRAFORM.TFSTATE",
  "WALLET.DAT",
  "_NETRC"
])

/** A folder and what lies in it. */
const refusedPairs: ReadonlySet<string> = new Set([
  ".CARGO/CREDENTIALS",
  ".CARGO/CREDENTIALS.TOML",
  ".COMPOSER/AUTH.JSON",
  ".CONFIG/GCLOUD",
  ".CONFIG/GH",
  ".CONFIG/HUB",
  ".CONFIG/RCLONE",
  ".GEM/CREDENTIALS",
  ".GIT/CONFIG",
  ".GIT/HOOKS",
  ".GRADLE/GRADLE.PROPERTIES",
  ".M2/SETTINGS.XML",
  ".TERRAFORM.D/CREDENTIALS.TFRC.JSON"
])

const refusedBeginnings = [".AIRSSYS-", ".ENV.", "TERRAFORM.TFSTATE."]
const refusedEndings: ReadonlySet<string> = new Set([
  ".JKS",
  ".KDB",
  ".KDBX",
  ".KEY",
  ".KEYCHAIN",
  ".KEYCHAIN-DB",
  ".KEYSTORE",
  ".OVPN",
  ".P12",
  ".P8",
  ".PEM",
  ".PFX",
  ".PPK"
])

const refusedTops: ReadonlySet<string> = new Set(["DEV", "PROC", "SYS"])

/** Windows opens a device by these names in any folder, whatever comes after a dot. */
const device = /^(?:AUX|CLOCK\$|CON|CONIN\$|CONOUT\$|NUL|PRN|(?:COM|LPT)[0-9])(?:\.|$)/
const deviceBeginnings = ["AU", "CL", "CO", "LP", "NU", "PR"]

/** A name that a file system may have made for a longer one, `SSH~1`. */
const shortName = /^[^~.]{1,6}~[0-9]{1,6}(?:\.[^.]{0,3})?$/

/** Printable ASCII has no other form. */
const ascii = /^[ -~]*$/

export const compatible = (text: string): string => ascii.test(text) ? text : text.normalize("NFKC")

/** The name without regard to case and compatibility forms, as file systems take one for another. */
const fold = (segment: string): string => compatible(segment).toUpperCase()

/** Whether a segment is refused whatever the manifest says. `index` counts from 0 below the root. */
export const isRefused = (segment: string, index: number, parent: string): boolean => {
  const name = fold(segment)
  return refusedNames.has(name) ||
    refusedPairs.has(`${fold(parent)}/${name}`) ||
    refusedBeginnings.some((beginning) => name.startsWith(beginning)) ||
    refusedEndings.has(name.slice(Math.max(0, name.lastIndexOf(".")))) ||
    device.test(name) ||
    shortName.test(name) ||
    index === 0 && refusedTops.has(name)
}

const pairOf = (first: number, second: number): number => first << 7 | second

/** The first two characters of each of some texts, from a place in it. */
const pairs = (texts: Iterable<string>, from: number): Uint8Array => {
  const found = new Uint8Array(1 << 14)
  for (const text of texts) found[pairOf(text.charCodeAt(from), text.charCodeAt(from + 1))] = 1
  return found
}

const suspectBeginnings = pairs([...refusedNames, ...refusedBeginnings, ...deviceBeginnings, ...refusedTops], 0)
const suspectEndings = pairs(refusedEndings, 1)

const upper = (code: number): number => code >= 97 && code <= 122 ? code - 32 : code

const isPair = (known: Uint8Array, text: string, at: number, to: number): boolean =>
  at + 1 < to && known[pairOf(upper(text.charCodeAt(at)), upper(text.charCodeAt(at + 1)))] === 1

/**
 * Whether `isRefused` may hold for a part of a text, as told by few of its
 * characters: a segment of printable ASCII that has no `~` and does not begin
 * with a dot. Folders that are refused for what lies in them begin with one.
 */
export const isSuspect = (text: string, from: number, to: number): boolean => {
  if (isPair(suspectBeginnings, text, from, to)) return true
  let dot = to - 1
  while (dot > from && text.charCodeAt(dot) !== 46) dot--
  return dot > from && isPair(suspectEndings, text, dot + 1, to)
}
