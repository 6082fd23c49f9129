// The gateway allows five password attempts per minute and address, and the tests of this folder share an address. A test
// that needs more attempts makes them from another address of the loopback network.
import { request } from 'node:http';

const ATTEMPTS = /\/(register|login|login\/second-factor|password-reset|second-factor\/[a-z-]+)$/;

/** Sends the password attempts of this context from `address`, for example 127.0.0.7. */
export async function attemptFrom(context, address) {
  await context.route(
    (url) => ATTEMPTS.test(url.pathname),
    async (route) => route.fulfill(await sendFrom(address, route.request())),
  );
}

async function sendFrom(localAddress, sent) {
  const headers = await sent.allHeaders();
  return new Promise((resolve, reject) => {
    const options = { method: sent.method(), headers, localAddress };
    const forwarded = request(sent.url().replace('localhost', '127.0.0.1'), options, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    forwarded.on('error', reject);
    forwarded.end(sent.postDataBuffer() ?? undefined);
  });
}
