// Makes the calls with stripe-node: `node stripe_node.mjs http|fetch URL KEY`.
// Prints what its user gets to see, as JSON.
import { readFileSync } from "node:fs";
import Stripe from "stripe";

const [way, url, key] = process.argv.slice(2);
const { hostname: host, port } = new URL(url);
const httpClient = way === "fetch" ? Stripe.createFetchHttpClient() : Stripe.createNodeHttpClient();
const { tokens } = new Stripe(key, { host, port, protocol: "http", httpClient });

const ERROR = ["code", "decline_code", "doc_url", "message", "param", "request_log_url", "type"];

function error(raw) {
  return { error: Object.fromEntries(ERROR.filter((name) => name in raw).map((name) => [name, raw[name]])) };
}

async function seen(call, made) {
  const options = {};
  if (call.key) options.apiKey = call.key;
  if (call.account) options.stripeAccount = call.account;
  const id = call.retrieve_id ?? made[call.retrieve];
  const { name } = call;
  try {
    const found = id
      ? await tokens.retrieve(id, call.expand ? { expand: call.expand } : {}, options)
      : await tokens.create(call.create, options);
    made[name] = found.id;
    const { statusCode: status, requestId } = found.lastResponse;
    return { name, status, body: found, request_id: requestId ?? null, told: {} };
  } catch (caught) {
    if (!(caught instanceof Stripe.errors.StripeError)) throw caught;
    const told = { class: caught.type, code: caught.code, param: caught.param, text: caught.message };
    const request_id = caught.requestId ?? null;
    return { name, status: caught.statusCode, body: error(caught.raw), request_id, told };
  }
}

const calls = JSON.parse(readFileSync(new URL("../calls.json", import.meta.url), "utf8").replaceAll("#", "3"));
const made = {};
const all = [];
for (const call of calls) all.push(await seen(call, made));
console.log(JSON.stringify(all));
