from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "panel.web"

    def ready(self) -> None:
        """Registers the checks of a deployment."""
        from panel.web import checks  # noqa: F401, PLC0415 -- Django's place for it
