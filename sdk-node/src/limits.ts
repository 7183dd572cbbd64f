/** How many items one request may hold. */
export const maxItems = 500;
/** How large a request may be before compression, in bytes. */
export const maxBodyBytes = 4 << 20;
/** The most that an event's properties or a user's attributes may take as JSON, in bytes. */
export const maxPropertiesBytes = 32 << 10;
/** How deep properties and attributes may nest; the object itself is the first level. */
export const maxDepth = 8;
/** The length of the longest key in them, in characters. */
export const maxKeyChars = 200;
/** The length of the longest event name, in characters. */
export const maxEventChars = 200;
/** The length of the longest user id, in bytes of UTF-8. */
export const maxUserIdBytes = 256;
/** How far ahead of now a timestamp may lie, in milliseconds. */
export const maxFuture = 24 * 60 * 60 * 1000;
