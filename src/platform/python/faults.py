"""What stops a training for a reason that its owner can act on."""


class TrainingFault(Exception):
    """`message` says what is wrong and where, `remedy` what to do; `details` are further lines."""

    def __init__(self, message, remedy, details=()):
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.details = list(details)
