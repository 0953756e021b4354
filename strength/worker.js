// Judges passwords beside the page, which would stutter under the hand that types: a judgement takes a while, and the
// first one reads the lists. It is told `[password, ...words]` and answers through the port that came along: the guesses
// as a power of ten, or null where they cannot be had.
'use strict';

const loading = (async () => {
  // `scripts/seal-site` puts the hash in the place of the tildes.
  const module = await WebAssembly.compileStreaming(fetch('strength.~~~~~~~~~~~~~~~~~~~~~~.wasm'));
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    // Years in passwords are measured from today. Whatever else is named there is never called.
    (imports[from] ??= {})[name] = from === 'zxcvbn' ? () => BigInt(Date.now()) : () => {};
  }
  return (await WebAssembly.instantiate(module, imports)).exports;
})();

onmessage = async ({ data: [password, ...words], ports: [answer] }) => {
  let guesses = null;
  try {
    const { character, word, guesses_log10 } = await loading;
    const say = (text) => {
      for (const one of text) character(one.codePointAt(0));
    };
    for (const text of words) {
      say(text);
      word();
    }
    say(password);
    guesses = guesses_log10();
  } catch {
    // Where its files cannot be had there is no judgement.
  }
  answer.postMessage(guesses);
  answer.close();
};
