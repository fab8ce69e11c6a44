import type { Target } from "./target.ts";
import { apiKey, decisionToken, keyRecords, wildcard } from "./targets/access.ts";
import { bundle, safetensors } from "./targets/bundles.ts";
import { batchRequest, chatRequest, feedbackRequest, routeRequest, taskRequest } from "./targets/requests.ts";
import { importers, inspectArchive, outcomes } from "./targets/result-files.ts";
import { catalogue, pointer, taskProfile } from "./targets/stored.ts";
import { encoderManifest, encoderText, tokenizerFile } from "./targets/text.ts";

/** Everything that reads what strangers send, publish or hand over as files. */
export const targets: readonly Target[] = [
  ...[safetensors, bundle, encoderText, tokenizerFile, encoderManifest],
  ...[routeRequest, batchRequest, taskRequest, chatRequest, feedbackRequest],
  ...[catalogue, pointer, taskProfile],
  ...[apiKey, keyRecords, decisionToken, wildcard],
  ...[outcomes, ...importers, inspectArchive],
];
