package dataloaf

// Version is the SDK's version, sent as User-Agent.
const Version = "0.1.0"
