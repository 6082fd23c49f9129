// A proxy between the page's sockets and the server that tests can disconnect.

export async function wire(page) {
  const sockets = [];
  let broken = false;
  await page.routeWebSocket(/\/ws(\/|$)/, (client) => {
    if (broken) {
      void client.close({ code: 1013 });
      return;
    }
    client.connectToServer();
    sockets.push(client);
  });
  return {
    cut: async (code) => {
      broken = true;
      await sockets.pop()?.close({ code });
    },
    mend: () => {
      broken = false;
    },
  };
}
