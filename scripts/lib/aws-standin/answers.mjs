// Writes answers the way AWS does, by the protocol of the call.

/** The account that all answers are of. */
export const ACCOUNT = "123456789012";

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

/**
 * Writes a value as XML: objects as elements, arrays as repeated elements, nothing for undefined.
 *
 * @param {string} name
 * @param {unknown} value
 * @returns {string}
 */
export function xml(name, value) {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map((member) => xml(name, member)).join("");
  return `<${name}>${inner(value)}</${name}>`;
}

function inner(value) {
  if (value !== null && typeof value === "object") {
    return Object.entries(value)
      .map(([name, member]) => xml(name, member))
      .join("");
  }
  return String(value).replace(/[&<>"']/g, (character) => escapes[character]);
}

/** An answer of a service that speaks JSON. */
export function json(value, status = 200) {
  return { status, type: "application/x-amz-json-1.1", body: JSON.stringify(value) };
}

/** An answer of one that speaks XML; `value` is what stands inside of the root element. */
export function document(root, namespace, value, status = 200) {
  return {
    status,
    type: "text/xml",
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${namespace}">${inner(value)}</${root}>\n`,
  };
}

/** An error, the way that the SDKs read it; none of these is worth trying again. */
export function failure(call, code, message, status = 400) {
  switch (call.protocol) {
    case "json":
      return json({ __type: code, message }, status);
    case "ec2":
      return document("Response", "", { Errors: { Error: { Code: code, Message: message } }, RequestID: "standin" }, status);
    case "query":
      return document(
        "ErrorResponse",
        "",
        { Error: { Type: "Sender", Code: code, Message: message }, RequestId: "standin" },
        status,
      );
    default:
      // Services of the REST kind write XML or JSON.
      return call.service === "route53" || call.service === "s3"
        ? document(
            "ErrorResponse",
            "",
            { Error: { Type: "Sender", Code: code, Message: message }, RequestId: "standin" },
            status,
          )
        : json({ __type: code, message }, status);
  }
}
