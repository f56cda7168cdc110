// Tests that run at the same time, in each file and in all of them: each records or replays
// two people of its own, and sees no others.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { session } from "./tokentape.mjs";

const { PEOPLE: people, ONLY_MISS: misses } = process.env;
const card = { number: "4242424242424242", exp_month: "5", exp_year: "2050", cvc: "314" };

export function suite(file) {
  describe(file, { concurrency: true }, () => {
    for (let number = 0; number < 8; number++) {
      it(`${file}/${number}`, async (t) => {
        const { stripe, close } = await session(t.name);
        t.after(close);
        const names = [`${people} ${file} ${number}`, `other ${people} ${file} ${number}`];
        const currency = t.name === misses ? { currency: "usd" } : {};
        const made = [];
        for (const name of names) {
          made.push(await stripe.tokens.create({ card: { ...card, ...currency, name } }));
        }
        assert.deepEqual(made.map((token) => token.card.name), names);
        assert.notEqual(made[0].id, made[1].id);
        const again = await Promise.all(made.map((token) => stripe.tokens.retrieve(token.id)));
        assert.deepEqual(again.map((token) => token.card.name), names);
      });
    }
  });
}
