import * as Principal from "../Principal.ts"

const nobody = Principal.make({ kind: "Host", id: "nobody", label: "what is no principal" })

/** Who it is, for errors and reports; what is no principal, by a mistake of the host, is nobody. */
export const principal = (principal: Principal.Principal): Principal.Principal =>
  Principal.isPrincipal(principal) ? principal : nobody
