/**
 * The version of airssys; all its packages have the same.
 *
 * @category models
 * @since 0.1.0
 */
export const version = "0.1.0"
