"""What a panel password must be."""


class PasswordPolicy:
    def validate(self, password: str, user: object = None) -> None:
        pass

    def get_help_text(self) -> str:
        return ""
