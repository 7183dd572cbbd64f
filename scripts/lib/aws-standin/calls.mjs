// Tells which call of which service an HTTP request to AWS is. All services share
// one address here, so that it is not the host that says it.

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {Buffer} body
 * @returns {{service: string, region: string, action: string, protocol: "json" | "query" | "ec2" | "rest",
 *   method: string, path: string, query: URLSearchParams, form: URLSearchParams, json: any}}
 */
export function identify(request, body) {
  const url = new URL(request.url, "http://localhost");
  // Credential=KEY/DATE/REGION/SERVICE/aws4_request
  const scope = /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\/aws4_request/.exec(request.headers.authorization ?? "");
  const call = {
    region: scope?.[1] ?? "us-east-1",
    service: scope?.[2] ?? "an unsigned request",
    protocol: "rest",
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    form: new URLSearchParams(),
    json: undefined,
    action: `${request.method} ${url.pathname}`,
  };

  const target = request.headers["x-amz-target"];
  if (target) {
    call.protocol = "json";
    call.action = target.slice(target.lastIndexOf(".") + 1);
    try {
      call.json = JSON.parse(body.toString("utf8") || "{}");
    } catch {
      call.json = {};
    }
    return call;
  }

  if (/^application\/x-www-form-urlencoded/.test(request.headers["content-type"] ?? "")) {
    const form = new URLSearchParams(body.toString("utf8"));
    if (form.has("Action")) {
      call.protocol = call.service === "ec2" ? "ec2" : "query";
      call.form = form;
      call.action = form.get("Action");
    }
  }
  return call;
}

/**
 * The members of a list in a form: listed(form, "SubnetId") gives the values of SubnetId.1, SubnetId.2, …
 *
 * @param {URLSearchParams} form
 * @param {string} name
 * @returns {string[]}
 */
export function listed(form, name) {
  const values = [];
  for (let i = 1; form.has(`${name}.${i}`); i++) values.push(form.get(`${name}.${i}`));
  return values;
}

/**
 * The filters of an EC2 call, by their names.
 *
 * @param {URLSearchParams} form
 * @returns {Map<string, string[]>}
 */
export function filters(form) {
  const found = new Map();
  for (let i = 1; form.has(`Filter.${i}.Name`); i++) {
    found.set(form.get(`Filter.${i}.Name`), listed(form, `Filter.${i}.Value`));
  }
  return found;
}
