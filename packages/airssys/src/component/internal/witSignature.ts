/** Types of functions in words: of two that are the same the words are the same. */
import type * as WitType from "@airssys/engine/WitType"

export const of = (func: WitType.Func): string =>
  `func(${func.params.map((param) => `${param.name}: ${typeText(param.type)}`).join(", ")})` +
  (func.result === undefined ? "" : ` -> ${typeText(func.result)}`)

const typeText = (type: WitType.WitType | undefined): string => {
  if (type === undefined) return "_"
  switch (type.kind) {
    case "list":
      return `list<${typeText(type.element)}>`
    case "option":
      return `option<${typeText(type.some)}>`
    case "result":
      return `result<${typeText(type.ok)}, ${typeText(type.err)}>`
    case "tuple":
      return `tuple<${type.items.map(typeText).join(", ")}>`
    case "record":
      return `record { ${type.fields.map((field) => `${field.name}: ${typeText(field.type)}`).join(", ")} }`
    case "variant":
      return `variant { ${
        type.cases.map((item) => item.type === undefined ? item.name : `${item.name}(${typeText(item.type)})`)
          .join(", ")
      } }`
    case "enum":
      return `enum { ${type.cases.join(", ")} }`
    case "flags":
      return `flags { ${type.labels.join(", ")} }`
    case "own":
    case "borrow":
      return `${type.kind}<${type.resource.name}>`
    default:
      return type.kind
  }
}
