"""Template tags of the panel."""

from django import template

register = template.Library()
