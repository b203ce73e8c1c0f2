/**
 * The messages an actor takes, and what it answers to those that ask.
 *
 * A protocol is a record of message definitions. It yields one constructor per
 * message and, for a message with a `reply`, a brand that carries the types of
 * the reply and of the error, so that `ref.ask` infers both and asking a
 * message without a reply does not compile. `request` is the same brand for
 * message classes that have no schema.
 *
 * Constructors do not validate: inside a process messages are typed values.
 * What comes from outside is decoded with `schema` first.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type * as Types from "effect/Types"

const TypeId = "~airssys/actor/Protocol"
const RequestTypeId = "~airssys/actor/Protocol/Request"

/**
 * A message that is answered with a `Reply` or an `Error`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request<out Reply, out Error = never> {
  readonly [RequestTypeId]: {
    readonly _Reply: Types.Covariant<Reply>
    readonly _Error: Types.Covariant<Error>
  }
}

/**
 * One message: its fields, and the schemas of its reply and error where it is
 * a request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Definition {
  readonly payload: Schema.Struct.Fields
  readonly reply?: Schema.Top
  readonly error?: Schema.Top
}

/**
 * The messages of a protocol, by tag.
 *
 * @category models
 * @since 0.1.0
 */
export type Definitions = { readonly [tag: string]: Definition }

/**
 * A message as a handler sees it.
 *
 * @category models
 * @since 0.1.0
 */
export type MessageOf<Tag extends string, D extends Definition> =
  & { readonly _tag: Tag }
  & Payload<D>
  & (D extends { readonly reply: infer Reply extends Schema.Top } ? Request<Reply["Type"], ErrorOf<D>> : unknown)

/**
 * The fields of a message.
 *
 * @category models
 * @since 0.1.0
 */
export type Payload<D extends Definition> = Types.Simplify<Schema.Struct.Type<D["payload"]>>

type ErrorOf<D extends Definition> = D extends { readonly error: infer Error extends Schema.Top } ? Error["Type"]
  : never

/**
 * A protocol: its constructors, by tag.
 *
 * @category models
 * @since 0.1.0
 */
export type Protocol<D extends Definitions> =
  & {
    readonly [Tag in keyof D & string]: (
      ...payload: {} extends Payload<D[Tag]> ? [payload?: Payload<D[Tag]>] : [payload: Payload<D[Tag]>]
    ) => MessageOf<Tag, D[Tag]>
  }
  & { readonly [TypeId]: { readonly definitions: D; readonly _Message: Types.Covariant<MessagesOf<D>> } }

/**
 * Any protocol whose messages are all of type `M`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Any<out M = unknown> {
  readonly [TypeId]: { readonly definitions: Definitions; readonly _Message: Types.Covariant<M> }
}

/**
 * The union of a protocol's messages.
 *
 * @category models
 * @since 0.1.0
 */
export type Message<P extends Any> = MessagesOf<P[typeof TypeId]["definitions"]>

type MessagesOf<D extends Definitions> = { [Tag in keyof D & string]: MessageOf<Tag, D[Tag]> }[keyof D & string]

/**
 * A message as its schema describes it: its fields, without the brand of a
 * request.
 *
 * @category models
 * @since 0.1.0
 */
export type Fields<M> = M extends Request<unknown, unknown> ? Omit<M, typeof RequestTypeId> : M

const identity = <A>(value: A): A => value

const RequestProto: Request<never> = { [RequestTypeId]: { _Reply: identity, _Error: identity } }

const isInherited = (key: string): boolean => key in Object.prototype

/** One class per message keeps all messages of a tag in one shape. */
const constructorOf = (tag: string, { payload, reply }: Definition) => {
  const keys = Object.keys(payload).filter((key) => !isInherited(key))
  const inherited = Object.keys(payload).filter(isInherited)
  class Message {
    readonly _tag = tag
    constructor(fields: Record<string, unknown>) {
      const self = this as Record<string, unknown>
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i]!
        if (key in fields) self[key] = fields[key]
      }
      for (const key of inherited) {
        const field = Object.getOwnPropertyDescriptor(fields, key)
        if (field !== undefined) Object.defineProperty(self, key, field)
      }
    }
  }
  Object.setPrototypeOf(Message.prototype, reply === undefined ? Object.prototype : RequestProto)
  return (fields: Record<string, unknown> = {}) => new Message(fields)
}

/**
 * Makes a protocol from its message definitions.
 *
 * **Example** (A counter)
 *
 * ```ts
 * import * as Protocol from "airssys/actor/Protocol"
 * import * as Schema from "effect/Schema"
 *
 * const Counter = Protocol.make({
 *   Increment: { payload: { by: Schema.Finite } },
 *   Get: { payload: {}, reply: Schema.Finite }
 * })
 *
 * Counter.Increment({ by: 2 })._tag // => "Increment"
 * Protocol.isRequest(Counter.Get()) // => true
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const D extends Definitions>(definitions: D): Protocol<D> => {
  const constructors: Record<string, unknown> = Object.create(null)
  for (const [tag, definition] of Object.entries(definitions)) {
    constructors[tag] = constructorOf(tag, definition)
  }
  constructors[TypeId] = { definitions, _Message: identity }
  return constructors as Protocol<D>
}

/**
 * The schema of a protocol's messages, for decoding what comes from outside.
 * A decoded message is a plain value: pass it to the constructor of its tag.
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = <D extends Definitions>(
  protocol: Protocol<D>
): Schema.TaggedUnion<{ readonly [Tag in keyof D & string]: Schema.TaggedStruct<Tag, D[Tag]["payload"]> }> =>
  Schema.TaggedUnion(
    Object.fromEntries(
      Object.entries(protocol[TypeId].definitions).map(([tag, definition]) => [tag, definition.payload])
    )
  ) as never

/**
 * The base of a message class that is answered, without a schema.
 *
 * **Example** (A request class)
 *
 * ```ts
 * import * as Protocol from "airssys/actor/Protocol"
 *
 * class Lookup extends Protocol.request<number, "NotFound">()("Lookup")<{ readonly key: string }> {}
 *
 * new Lookup({ key: "a" }).key // => "a"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const request = <Reply, Error = never>() =>
<const Tag extends string>(
  tag: Tag
): new<Fields extends object = {}>(
  fields: Types.VoidIfEmpty<{ readonly [K in keyof Fields as K extends "_tag" ? never : K]: Fields[K] }>
) => Request<Reply, Error> & { readonly _tag: Tag } & Readonly<Fields> => {
  class RequestMessage {
    readonly _tag = tag
    constructor(fields: object | void) {
      Object.assign(this, fields)
      this._tag = tag
    }
  }
  Object.assign(RequestMessage.prototype, RequestProto)
  return RequestMessage as never
}

/**
 * Whether a message is one that is answered.
 *
 * @category guards
 * @since 0.1.0
 */
export const isRequest = (message: unknown): message is Request<unknown, unknown> =>
  typeof message === "object" && message !== null && RequestTypeId in message
