/**
 * Flags of all commands that are about a host.
 *
 * @since 0.1.0
 */
import * as Flag from "effect/cli/Flag"

/**
 * Where the host is, by default here.
 *
 * @category flags
 * @since 0.1.0
 */
export const folder = Flag.String("folder").pipe(
  Flag.withDescription("Folder with the airssys.toml"),
  Flag.withDefault(".")
)
