/** The SDK's version, sent as User-Agent. */
export const version = "0.1.0";
/** The version of the API in which bodies are written, sent with each request; docs/api/collection.md tells more. */
export const wireVersion = 1;
/** The header that carries the wire version. */
export const versionHeader = "DataLoaf-Wire-Version";
