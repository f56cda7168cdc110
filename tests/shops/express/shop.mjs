// A shop as people write it, with Express and stripe-node: it knows nothing of tokentape.
//
//     node shop.mjs STRIPE_URL KEY     prints its own URL, and serves until it is killed
//
// A visit is that of flask_shop.py: the same steps, which show the same, in 25 calls to Stripe.
import express from "express";
import Stripe from "stripe";

const [url, key] = process.argv.slice(2);
const { hostname: host, port } = new URL(url);
const stripe = new Stripe(key, { host, port, protocol: "http", maxNetworkRetries: 2 });

const app = express();
app.use(express.json());
const visitors = {};

function step(path, act) {
  app.post(`/:visitor/${path}`, async (request, response) => {
    const visitor = (visitors[request.params.visitor] ??= {});
    try {
      response.json(await act(visitor, request.body));
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeCardError)) throw error;
      const { message: declined, code, decline_code, statusCode: status } = error;
      response.json({ declined, code, decline_code: decline_code ?? null, status });
    }
  });
}

step("register", async (visitor, { name, email, order, card: number, cvc }) => {
  const token = await stripe.tokens.create({ card: { number, exp_month: 12, exp_year: 2050, cvc, name } });
  const customer = await stripe.customers.create({ source: token.id, email, metadata: { order_id: order } });
  const again = await stripe.customers.retrieve(customer.id);
  visitor.customer = customer.id;
  return {
    name: token.card.name,
    email: again.email,
    metadata: again.metadata,
    same: again.default_source === customer.default_source,
  };
});

step("card", async (visitor, { name, email }) => {
  const method = await stripe.paymentMethods.create({
    type: "card",
    card: { token: "tok_mastercard" },
    billing_details: { name, email },
  });
  const { customer } = visitor;
  const attached = await stripe.paymentMethods.attach(method.id, { customer });
  const listed = await stripe.paymentMethods.list({ customer, type: "card" });
  visitor.method = method.id;
  return {
    attached: attached.customer === customer,
    name: attached.billing_details.name,
    brand: attached.card.brand,
    listed: listed.data.map((each) => each.id === method.id),
  };
});

step("buy", async (visitor, { email, order }) => {
  const intent = await stripe.paymentIntents.create(
    {
      amount: 2000,
      currency: "usd",
      customer: visitor.customer,
      payment_method_types: ["card"],
      receipt_email: email,
      metadata: { order_id: order },
    },
    { idempotencyKey: `intent-${order}` },
  );
  const paid = await stripe.paymentIntents.confirm(intent.id, { payment_method: visitor.method });
  const seen = await stripe.paymentIntents.retrieve(intent.id, { expand: ["latest_charge"] });
  visitor.charge = seen.latest_charge.id;
  return {
    before: intent.status,
    after: paid.status,
    amount: seen.amount_received,
    receipt: seen.receipt_email,
    order: seen.metadata.order_id,
    secret: intent.client_secret.startsWith(intent.id),
    paid: seen.latest_charge.paid,
  };
});

step("later", async ({ customer, method }) => {
  const intent = await stripe.paymentIntents.create({
    amount: 1500,
    currency: "usd",
    capture_method: "manual",
    confirm: true,
    customer,
    payment_method: method,
    payment_method_types: ["card"],
  });
  const captured = await stripe.paymentIntents.capture(intent.id, { amount_to_capture: 1000 });
  return { held: intent.status, then: captured.status, got: captured.amount_received };
});

step("declined-token", async (_visitor, { token: source }) => {
  const charge = await stripe.charges.create({ amount: 500, currency: "usd", source });
  return { paid: charge.paid };
});

step("declined-method", async (_visitor, { token }) => {
  const method = await stripe.paymentMethods.create({ type: "card", card: { token } });
  const intent = await stripe.paymentIntents.create({
    amount: 700,
    currency: "usd",
    payment_method: method.id,
    payment_method_types: ["card"],
  });
  return { status: (await stripe.paymentIntents.confirm(intent.id)).status };
});

step("twice", async (_visitor, { card: number }) => {
  const token = await stripe.tokens.create({ card: { number, exp_month: 1, exp_year: 2050 } });
  const wanted = { amount: 900, currency: "eur", source: token.id };
  const charge = await stripe.charges.create(wanted);
  try {
    await stripe.charges.create(wanted);
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
    return { paid: charge.paid, again: error.message.replace(token.id, "…") };
  }
  return { paid: charge.paid, again: "paid" };
});

step("refund", async (visitor) => {
  const part = await stripe.refunds.create({ charge: visitor.charge, amount: 500 });
  const charge = await stripe.charges.retrieve(visitor.charge);
  return {
    refunded: part.amount,
    status: part.status,
    total: charge.amount_refunded,
    all: charge.refunded,
    email: charge.receipt_email,
  };
});

step("history", async ({ customer }) => {
  const charges = await stripe.charges.list({ customer, limit: 1 });
  const more = await stripe.charges.list({ customer, starting_after: charges.data.at(-1).id });
  const intents = await stripe.paymentIntents.list({ customer });
  return {
    amounts: [...charges.data, ...more.data].map((charge) => charge.amount),
    more: charges.has_more,
    intents: intents.data.map((intent) => intent.status),
  };
});

step("leave", async ({ customer }) => {
  const deleted = await stripe.customers.del(customer);
  const gone = await stripe.customers.retrieve(customer);
  return { deleted: deleted.deleted, same: deleted.id === gone.id, gone: gone.deleted };
});

const server = app.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
