import type { Greeter } from "acme:greeter/plugin@1.0.0"

export const greeter: Greeter = {
  greet: (name) => `Hello, ${name}. I hold no capability.`
}
