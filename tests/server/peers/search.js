// The SDK for JavaScript: log in, search, wait, read the results. Arguments: port, password, search.
const splunk = require("splunk-sdk");

const [port, password, search] = process.argv.slice(2);

async function main() {
  const service = new splunk.Service({
    scheme: "https", host: "127.0.0.1", port, username: "admin", password, version: "9.0",
  });
  if (!(await service.login())) throw new Error("the login failed");
  const job = await service.search(search, { earliest_time: "0", latest_time: "now" });
  await new Promise((resolve, reject) => {
    job.track({ period: 50 }, { done: resolve, failed: reject, error: reject });
  });
  const [results] = await job.results({ output_mode: "json_rows", count: 0 });
  await job.cancel();
  console.log(JSON.stringify({ fields: results.fields, rows: results.rows }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
