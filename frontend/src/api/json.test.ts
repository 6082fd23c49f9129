import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NumberLiteral, readJson, readVerbatim, writeJson } from './json';

test('money, percents and quantities of a cheque are read exactly', () => {
  const read = readJson(`{
    "cheque": {"total_account": 419.90, "rounding": -0.10, "tip": 2, "service": null,
      "products": [{"id": 1, "numberServings": 0.4, "price": 975, "total": 390.00, "confidence": 0.91}]},
    "split": {"tip": {"percent": 10}, "percents": {"1": 62.50, "2": 37.5}, "shares": {"1": 2},
      "amounts": {"1": 999999999999.99}, "version": 7}
  }`);
  assert.deepEqual(read, {
    cheque: {
      total_account: 419_900n,
      rounding: -100n,
      tip: 2000n,
      service: null,
      products: [{ id: 1, numberServings: 400n, price: 975_000n, total: 390_000n, confidence: 0.91 }],
    },
    split: {
      tip: { percent: 10_000n },
      percents: { 1: 62_500n, 2: 37_500n },
      shares: { 1: 2 },
      amounts: { 1: 999_999_999_999_990n },
      version: 7,
    },
  });
});

test('a body has exact numbers and no undefined fields', () => {
  const body = writeJson({
    products: [{ id: 1, name: 'Чай "1"', numberServings: new NumberLiteral('1.235'), total: -50n, price: undefined }],
    service: null,
    confirmed: true,
  });
  assert.equal(
    body,
    '{"products":[{"id":1,"name":"Чай \\"1\\"","numberServings":1.235,"total":-0.05}],"service":null,"confirmed":true}',
  );
});

test('displayed JSON keeps the original numbers, including money', () => {
  const read = readVerbatim('{"amount": 499.9, "nested": [1, "2", null]}');
  assert.deepEqual(read, {
    amount: new NumberLiteral('499.9'),
    nested: [new NumberLiteral('1'), '2', null],
  });
  assert.equal(writeJson(read), '{"amount":499.9,"nested":[1,"2",null]}');
});
