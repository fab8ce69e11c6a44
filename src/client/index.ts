export type { FeedbackRequest, FeedbackResponse } from "../contract/feedback.ts";
export type { RouteRequestInput, RouteResponse } from "../contract/route.ts";
export type { RouteTaskResponse, TaskPromptInput } from "../contract/route-task.ts";
export { type CallOptions, connectSignalbox, type Signalbox, type SignalboxOptions } from "./signalbox.ts";
export { SignalboxError, type SignalboxErrorCode } from "./signalbox-error.ts";
