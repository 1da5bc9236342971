// A real model on loopback, spoken to as any OpenAI-compatible endpoint: node model_site.mjs MODULES WEIGHTS
// Writes its port to stdout when it is ready. Answers greedily, with at most LONGEST tokens, one at a time.
import http from "node:http";
import path from "node:path";
import {pathToFileURL} from "node:url";

const LONGEST = 48;
const [modules, weights] = process.argv.slice(2);
const {getLlama, LlamaChatSession} = await import(pathToFileURL(path.join(modules, "node-llama-cpp/dist/index.js")));
const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: 1});
const model = await llama.loadModel({modelPath: weights});
const context = await model.createContext({contextSize: 1024, sequences: 1, threads: 1});
const sequence = context.getSequence();
let before = Promise.resolve();

async function complete(asked, say) {
    const prompt = asked.messages.at(-1).content;
    await sequence.clearHistory();
    const session = new LlamaChatSession({contextSequence: sequence});
    const {responseText, stopReason} = await session.promptWithMeta(prompt, {
        maxTokens: LONGEST, temperature: 0, onTextChunk: (text) => say({choices: [{index: 0, delta: {content: text}}]}),
    });
    session.dispose({disposeSequence: false});
    say({choices: [{index: 0, delta: {}, finish_reason: stopReason === "maxTokens" ? "length" : "stop"}]});
    const [tokensIn, tokensOut] = [prompt, responseText].map((text) => model.tokenize(text).length);
    say({choices: [], usage: {prompt_tokens: tokensIn, completion_tokens: tokensOut}});
}

const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    response.writeHead(200, {"Content-Type": "text/event-stream"});
    before = before.then(() => complete(JSON.parse(body), (event) => response.write(`data: ${JSON.stringify(event)}\n\n`)));
    await before;
    response.end("data: [DONE]\n\n");
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
