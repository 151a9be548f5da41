"""The problems that many routes share."""

from marketmind_scheduler.domain.errors import (
    BeyondHorizon,
    CredentialsMissing,
    Deleted,
    IdempotencyKeyReused,
    IdentityProviderUnavailable,
    InvalidCredentials,
    LocalTimeAmbiguous,
    LocalTimeInGap,
    MissingScope,
    OffsetContradictsZone,
    PreconditionFailed,
    RateLimited,
    RequestBrokenOff,
    RequestInProgress,
    StorageUnavailable,
    TimeInPast,
    TooManyAtOnce,
    UnknownZone,
    UnreadableTime,
    ZoneRulesOutdated,
)

DENIED = (CredentialsMissing, InvalidCredentials, MissingScope, RateLimited, TooManyAtOnce, IdentityProviderUnavailable)
BODY = (400, 404, 408, 413, 415, Deleted, *DENIED, StorageUnavailable)
POSTED = (RequestInProgress, IdempotencyKeyReused)
REACHING = (*POSTED, RequestBrokenOff)
LIST = (400, *DENIED, StorageUnavailable)
READ = (400, 404, Deleted, *DENIED, StorageUnavailable)
READ_ONE = (*READ, PreconditionFailed)
TIME = (
    UnreadableTime,
    UnknownZone,
    LocalTimeInGap,
    LocalTimeAmbiguous,
    OffsetContradictsZone,
    TimeInPast,
    BeyondHorizon,
    ZoneRulesOutdated,
)
