"""The project. Celery's application is made with it: a web process that never made it would ring at a
broker of Celery's own default."""

from panel.celery import app as celery_app

__all__ = ["celery_app"]
